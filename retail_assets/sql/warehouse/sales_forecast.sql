-- The lake's forecasts of sales, as they are.
SELECT *
FROM sales_forecast
ORDER BY date, key_type, key_value, day_ahead;
