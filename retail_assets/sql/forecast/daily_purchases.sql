-- What was bought by key and day: the history of demand forecasts.
SELECT date, key_type, key_value, purchases_t AS units
FROM daily_aggregates;
