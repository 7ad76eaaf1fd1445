-- The keys of a panel, numbered, and whether each had an event in the 28 days up to the origin.
SELECT
    row_number() OVER (ORDER BY key_value) - 1 AS series,
    key_value,
    max(date) > getvariable('forecast_origin')::DATE - 28 AS is_live
FROM forecast_history
WHERE key_type = getvariable('forecast_key_type')
    AND date BETWEEN getvariable('forecast_first')::DATE AND getvariable('forecast_origin')::DATE
GROUP BY key_value
ORDER BY key_value;
