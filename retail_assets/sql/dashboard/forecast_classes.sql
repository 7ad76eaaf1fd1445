-- The classes of demand that the back-test of an origin tells of, and how many keys the latest of its origins has.
SELECT
    demand_class,
    max(series) AS series
FROM forecast_backtest
WHERE key_type = $key_type AND date = $origin
GROUP BY demand_class
ORDER BY series DESC, demand_class;
