-- Whether the model earned its place, by the back-test that is staged.
SELECT
    date,
    key_type,
    count(*) FILTER (WHERE is_published AND model = getvariable('forecast_model')) > 0 AS passed,
    printf(
        '%s is published; RMSSE %s (%s), %s (seasonal naive), %s (28-day mean), bias of %s %s',
        any_value(model) FILTER (WHERE is_published),
        coalesce(printf('%.3f', avg(rmsse) FILTER (WHERE model = getvariable('forecast_model'))), 'none'),
        getvariable('forecast_model'),
        coalesce(printf('%.3f', avg(rmsse) FILTER (WHERE model = 'seasonal_naive_7')), 'none'),
        coalesce(printf('%.3f', avg(rmsse) FILTER (WHERE model = 'ma_28')), 'none'),
        getvariable('forecast_model'),
        coalesce(printf('%+.1f %%', 100 * avg(bias) FILTER (WHERE model = getvariable('forecast_model'))), 'unknown')
    ) AS detail
FROM staged_forecast_backtest
WHERE demand_class = 'all'
GROUP BY date, key_type;
