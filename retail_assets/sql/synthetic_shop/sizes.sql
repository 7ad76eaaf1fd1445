-- Events without their repeats, events with a defect, and the size of the strata that they are drawn from.
SELECT
    getvariable('rows') - coalesce(sum(quotas.events * repeats), 0)::BIGINT AS events,
    coalesce(sum(quotas.events), 0)::BIGINT AS strata,
    events // greatest(strata, 1) AS stratum_size
FROM quotas
JOIN defects USING (defect)
