-- What was expected of a key on an origin: the coming days with the quantiles of their purchases.
SELECT
    forecast_date AS date,
    mean,
    q10,
    q50,
    q90,
    model
FROM demand_forecast
WHERE key_type = $key_type AND date = $origin AND key_value = $key
ORDER BY forecast_date;
