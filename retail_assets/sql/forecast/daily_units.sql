-- Units sold by key and day of a panel.
SELECT
    forecast_keys.series::INTEGER AS series,
    (date - getvariable('forecast_first')::DATE)::INTEGER AS day,
    units::FLOAT AS units
FROM forecast_history
JOIN forecast_keys USING (key_value)
WHERE key_type = getvariable('forecast_key_type')
    AND date BETWEEN getvariable('forecast_first')::DATE AND getvariable('forecast_origin')::DATE
    AND units > 0;
