-- The lake's errors of forecasts by key, as they are.
SELECT *
FROM forecast_errors
ORDER BY date, key_type, tested_origin, key_value;
