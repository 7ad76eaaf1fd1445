-- The dates that forecasts were made on, latest first, by key type.
SELECT
    key_type,
    date AS origin
FROM demand_forecast
GROUP BY key_type, date
ORDER BY key_type, date DESC;
