-- Whether the model earned its place by category and by region, by the back-test that is staged.
WITH judged AS (
    SELECT
        date,
        key_type,
        count(*) FILTER (WHERE is_published AND model = getvariable('forecast_model')) > 0 AS passed,
        printf(
            'by %s, %s is published; RMSSE %.3f (%s), %.3f (seasonal naive), %.3f (28-day mean)',
            key_type,
            any_value(model) FILTER (WHERE is_published),
            avg(rmsse) FILTER (WHERE model = getvariable('forecast_model')),
            getvariable('forecast_model'),
            avg(rmsse) FILTER (WHERE model = 'seasonal_naive_7'),
            avg(rmsse) FILTER (WHERE model = 'ma_28')
        ) AS detail
    FROM staged_sales_forecast_backtest
    WHERE demand_class = 'all'
    GROUP BY date, key_type
)
SELECT date, bool_and(passed) AS passed, string_agg(detail, '; ' ORDER BY key_type) AS detail
FROM judged
GROUP BY date;
