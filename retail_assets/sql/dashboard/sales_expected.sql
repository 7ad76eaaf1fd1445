-- What is expected of each category or country after a date, by the latest forecast of sales.
SELECT
    key_value AS name,
    date AS origin,
    max(forecast_date) AS until_date,
    sum(mean) AS expected
FROM sales_forecast
WHERE key_type = $cut AND forecast_date > $last AND date = (SELECT max(latest.date) FROM sales_forecast AS latest)
GROUP BY key_value, date
ORDER BY expected DESC, name
LIMIT $limit;
