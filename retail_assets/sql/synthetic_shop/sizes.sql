-- Events without their repeats, events with a defect, and the size of the strata that these are drawn from.
WITH
totals AS (
    SELECT
        coalesce(sum(quotas.events * repeats), 0)::BIGINT AS repeated,
        coalesce(sum(quotas.events), 0)::BIGINT AS strata
    FROM quotas
    JOIN defects USING (defect)
)

SELECT
    getvariable('rows') - repeated AS events,
    events // greatest(strata, 1) AS stratum_size
FROM totals
