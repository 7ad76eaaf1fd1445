-- How good each model would have been, over the tested origins; the published one first.
SELECT
    model || CASE WHEN is_published THEN ' (published)' ELSE '' END AS model,
    demand_class AS class,
    max(series) AS series,
    round(avg(rmsse), 3) AS rmsse,
    printf('%+.1f %%', 100 * avg(bias)) AS bias,
    round(avg(wmape), 3) AS wmape,
    round(avg(mase), 3) AS mase,
    printf('%.0f %%', 100 * avg(coverage)) AS coverage
FROM forecast_backtest
WHERE demand_class = 'all' OR is_published
GROUP BY forecast_backtest.model, is_published, demand_class
ORDER BY demand_class <> 'all', NOT is_published, avg(rmsse), demand_class;
