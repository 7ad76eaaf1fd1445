-- The last four weeks and the coming ones, day by day, of all keys together and of those that are expected to sell most.
WITH past AS (
    SELECT date AS day, key_value, purchases_t AS units
    FROM daily_aggregates
    WHERE date > getvariable('date')::DATE - 28
),
coming AS (
    SELECT forecast_date AS day, key_value, mean AS units
    FROM demand_forecast
),
chosen AS (
    SELECT key_value
    FROM coming
    GROUP BY key_value
    ORDER BY sum(units) DESC, key_value
    LIMIT 5
),
shown AS (
    SELECT 'all' AS series, true AS is_total, day, units, false AS is_coming FROM past
    UNION ALL
    SELECT 'all', true, day, units, true FROM coming
    UNION ALL
    SELECT key_value, false, day, units, false FROM past SEMI JOIN chosen USING (key_value)
    UNION ALL
    SELECT key_value, false, day, units, true FROM coming SEMI JOIN chosen USING (key_value)
),
days AS (
    SELECT DISTINCT day, is_coming FROM shown
),
daily AS (
    SELECT series, is_total, day, is_coming, coalesce(sum(units), 0) AS units
    FROM (SELECT DISTINCT series, is_total FROM shown)
    CROSS JOIN days
    LEFT JOIN shown USING (series, is_total, day, is_coming)
    GROUP BY ALL
),
scaled AS (
    SELECT *, substr('▁▂▃▄▅▆▇█', 1 + round(7 * units / greatest(max(units) OVER (PARTITION BY series, is_total), 1e-9))::INT, 1) AS bar
    FROM daily
)
SELECT
    series,
    string_agg(bar, '' ORDER BY day) FILTER (WHERE NOT is_coming) AS last_28_days,
    string_agg(bar, '' ORDER BY day) FILTER (WHERE is_coming) AS coming_28_days,
    round(coalesce(sum(units) FILTER (WHERE NOT is_coming), 0))::BIGINT AS sold,
    round(sum(units) FILTER (WHERE is_coming))::BIGINT AS expected
FROM scaled
GROUP BY series, is_total
ORDER BY is_total DESC, expected DESC, series;
