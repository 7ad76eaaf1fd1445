-- The lake's back-tests, as they are.
SELECT *
FROM forecast_backtest
ORDER BY date, key_type, tested_origin, model, demand_class;
