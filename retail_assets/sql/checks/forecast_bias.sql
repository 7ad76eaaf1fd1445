-- By how much the published model was off in sum, over the tested origins.
SELECT
    date,
    key_type,
    coalesce(abs(avg(bias)) <= 0.05, true) AS passed,
    coalesce(printf('bias %+.1f %%', 100 * avg(bias)), 'nothing was sold, so there is no bias') AS detail
FROM staged_forecast_backtest
WHERE demand_class = 'all' AND is_published
GROUP BY date, key_type;
