-- The lake's forecasts, as they are.
SELECT *
FROM demand_forecast
ORDER BY date, key_type, key_value, day_ahead;
