-- The keys that the published model misses most, by units, over the tested origins.
SELECT
    key_value AS series,
    any_value(demand_class) AS class,
    sum(units)::BIGINT AS sold,
    round(sum(expected))::BIGINT AS expected,
    round(avg(rmsse), 2) AS rmsse
FROM forecast_errors
GROUP BY key_value
ORDER BY abs(sum(units) - sum(expected)) DESC, key_value
LIMIT 8;
