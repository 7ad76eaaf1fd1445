-- Whether the model earned its place, by the back-test that is staged.
SELECT
    date,
    key_type,
    count(*) FILTER (WHERE is_published AND model = getvariable('forecast_model')) > 0 AS passed,
    printf(
        '%s is published; RMSSE %.3f (%s), %.3f (seasonal naive), %.3f (28-day mean), bias of %s %+.1f %%',
        any_value(model) FILTER (WHERE is_published),
        avg(rmsse) FILTER (WHERE model = getvariable('forecast_model')),
        getvariable('forecast_model'),
        avg(rmsse) FILTER (WHERE model = 'seasonal_naive_7'),
        avg(rmsse) FILTER (WHERE model = 'ma_28'),
        getvariable('forecast_model'),
        100 * avg(bias) FILTER (WHERE model = getvariable('forecast_model'))
    ) AS detail
FROM staged_forecast_backtest
WHERE demand_class = 'all'
GROUP BY date, key_type;
