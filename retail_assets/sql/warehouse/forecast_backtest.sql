-- The lake's back-tests of forecasts, as they are.
SELECT *
FROM forecast_backtest
ORDER BY date, key_type, tested_origin, model, demand_class;
