-- By how much the published model was off in sum, over the tested origins.
SELECT
    date,
    key_type,
    coalesce(abs(avg(bias)) <= 0.05, true) AS passed,
    printf('bias %+.1f %%', 100 * avg(bias)) AS detail
FROM staged_forecast_backtest
WHERE demand_class = 'all' AND is_published
GROUP BY date, key_type;
