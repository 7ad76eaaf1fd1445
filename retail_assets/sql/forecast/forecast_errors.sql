-- How far the published model would have been off at earlier origins, by key.
SELECT
    date,
    key_type,
    tested_origin,
    key_value,
    demand_class,
    model,
    units,
    expected,
    absolute_error,
    rmsse
FROM errors
ORDER BY date, key_type, tested_origin, key_value;
