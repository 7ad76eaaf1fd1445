-- How good forecasts from origins before this one would have been: means over the tested origins by model.
SELECT
    model,
    max(CASE WHEN is_published THEN 1 ELSE 0 END) AS is_published,
    count(*) AS origins,
    max(series) AS series,
    avg(rmsse) AS rmsse,
    avg(bias) AS bias,
    avg(mase) AS mase,
    avg(wmape) AS wmape,
    avg(coverage) AS coverage
FROM forecast_backtest
WHERE key_type = $key_type AND date = $origin AND demand_class = $demand_class
GROUP BY model
ORDER BY rmsse, model;
