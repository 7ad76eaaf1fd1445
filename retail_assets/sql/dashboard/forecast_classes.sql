-- The classes of demand that the back-test of an origin tells of, and how many keys each has at the tested origin that
-- has most of them.
SELECT
    demand_class,
    max(series) AS series
FROM forecast_backtest
WHERE key_type = $key_type AND date = $origin
GROUP BY demand_class
ORDER BY series DESC, demand_class;
