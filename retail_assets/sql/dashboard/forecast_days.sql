-- What is expected in sum on each day after the latest origin up to a date, by key type.
WITH latest AS (
    SELECT
        key_type,
        max(date) AS origin
    FROM demand_forecast
    WHERE date <= $last
    GROUP BY key_type
)

SELECT
    forecasts.key_type,
    forecasts.date AS origin,
    forecasts.forecast_date AS date,
    sum(forecasts.mean) AS mean
FROM demand_forecast AS forecasts
INNER JOIN latest ON latest.key_type = forecasts.key_type AND latest.origin = forecasts.date
GROUP BY forecasts.key_type, forecasts.date, forecasts.forecast_date
ORDER BY forecasts.key_type, forecasts.forecast_date;
