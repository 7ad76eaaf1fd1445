-- Whether the model earned its place by category and by region, by the back-test that is staged.
WITH judged AS (
    SELECT
        date,
        key_type,
        count(*) FILTER (WHERE is_published AND model = getvariable('forecast_model')) > 0 AS passed,
        printf(
            'by %s, %s is published; RMSSE %s (%s), %s (seasonal naive), %s (28-day mean), bias of %s %s',
            key_type,
            any_value(model) FILTER (WHERE is_published),
            coalesce(printf('%.3f', avg(rmsse) FILTER (WHERE model = getvariable('forecast_model'))), 'none'),
            getvariable('forecast_model'),
            coalesce(printf('%.3f', avg(rmsse) FILTER (WHERE model = 'seasonal_naive_7')), 'none'),
            coalesce(printf('%.3f', avg(rmsse) FILTER (WHERE model = 'ma_28')), 'none'),
            getvariable('forecast_model'),
            coalesce(
                printf('%+.1f %%', 100 * avg(bias) FILTER (WHERE model = getvariable('forecast_model'))), 'unknown'
            )
        ) AS detail
    FROM staged_sales_forecast_backtest
    WHERE demand_class = 'all'
    GROUP BY date, key_type
)
SELECT date, bool_and(passed) AS passed, string_agg(detail, '; ' ORDER BY key_type) AS detail
FROM judged
GROUP BY date;
