-- The keys that the published model misses most, in units day by day, over the tested origins.
SELECT
    key_value AS series,
    any_value(demand_class) AS class,
    sum(units)::BIGINT AS sold,
    round(sum(expected))::BIGINT AS expected,
    round(sum(absolute_error))::BIGINT AS missed_by,
    round(avg(rmsse), 2) AS rmsse
FROM forecast_errors
GROUP BY key_value
ORDER BY sum(absolute_error) DESC, key_value
LIMIT 8;
