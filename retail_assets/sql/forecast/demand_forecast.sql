-- The coming days of every key that was live in the 28 days up to the origin, by the model that earned its place.
SELECT
    date,
    key_type,
    key_value,
    date + day_ahead::INTEGER AS forecast_date,
    day_ahead,
    mean,
    q10,
    q50,
    q90,
    model
FROM forecasts
ORDER BY date, key_type, key_value, day_ahead;
