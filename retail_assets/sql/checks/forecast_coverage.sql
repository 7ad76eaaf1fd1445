-- How many days the published model's 80 % interval held, over the tested origins.
SELECT
    date,
    key_type,
    coalesce(avg(coverage) BETWEEN 0.75 AND 0.85, true) AS passed,
    coalesce(
        printf('%.1f %% of the days lie within the 80 %% interval', 100 * avg(coverage)),
        'no key had sold by a tested origin'
    ) AS detail
FROM staged_forecast_backtest
WHERE demand_class = 'all' AND is_published
GROUP BY date, key_type;
