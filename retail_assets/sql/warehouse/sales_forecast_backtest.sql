-- The lake's back-tests of sales forecasts, as they are.
SELECT *
FROM sales_forecast_backtest
ORDER BY date, key_type, tested_origin, model, demand_class;
