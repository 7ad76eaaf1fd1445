-- How far the published model was off by category and by region, over the tested origins.
WITH measured AS (
    SELECT
        date,
        key_type,
        avg(bias) AS bias,
        avg(coverage) AS coverage,
        arg_max(rmsse, tested_origin) AS latest,
        (sum(rmsse) - arg_max(rmsse, tested_origin)) / nullif(count(rmsse) - 1, 0) AS before
    FROM staged_sales_forecast_backtest
    WHERE demand_class = 'all' AND is_published
    GROUP BY date, key_type
)
SELECT
    date,
    bool_and(
        coalesce(abs(bias) <= 0.05, true)
        AND coalesce(coverage BETWEEN 0.75 AND 0.85, true)
        AND coalesce(latest <= 1.25 * before, true)
    ) AS passed,
    string_agg(
        printf('by %s, bias %s', key_type, coalesce(printf('%+.1f %%', 100 * bias), 'unknown'))
            || coalesce(printf(', %.1f %% of the days within the interval', 100 * coverage), '')
            || coalesce(printf(', RMSSE %.3f at the last origin, %.3f before', latest, before), ''),
        '; ' ORDER BY key_type
    ) AS detail
FROM measured
GROUP BY date;
