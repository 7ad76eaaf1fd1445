-- The published model's error at the last tested origin against the mean of those before.
WITH errors AS (
    SELECT
        date,
        key_type,
        arg_max(rmsse, tested_origin) AS latest,
        (sum(rmsse) - arg_max(rmsse, tested_origin)) / nullif(count(rmsse) - 1, 0) AS before
    FROM staged_forecast_backtest
    WHERE demand_class = 'all' AND is_published
    GROUP BY date, key_type
)
SELECT
    date,
    key_type,
    coalesce(latest <= 1.25 * before, true) AS passed,
    coalesce(
        printf('RMSSE %.3f at the last origin, %.3f before', latest, before),
        'there are no errors of two tested origins to compare'
    ) AS detail
FROM errors;
