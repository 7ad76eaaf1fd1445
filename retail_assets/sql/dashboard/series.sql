-- The daily series of a key: zeros on dates without an event of it, nothing on dates that are missing. One key, since an
-- equality is tested while the table is read, 20 times as fast as a list afterwards (0.05 CPU s of 2.8 M rows).
WITH found AS (
    SELECT *
    FROM features
    WHERE key_type = $key_type AND date BETWEEN $first AND $last AND key_value = $key
),

chosen AS (
    SELECT key_value
    FROM key_totals
    WHERE key_type = $key_type AND key_value = $key
),

dates AS (
    SELECT
        calendar.date,
        totals.date IS NOT NULL AS is_there
    FROM dim_date AS calendar
    LEFT JOIN daily_totals AS totals ON totals.key_type = $key_type AND totals.date = calendar.date
    WHERE calendar.date BETWEEN $first AND $last
)

SELECT
    dates.date,
    chosen.key_value,
    CASE WHEN dates.is_there THEN coalesce(found.purchases_t, 0) END AS purchases,
    CASE WHEN dates.is_there THEN coalesce(found.views_t, 0) END AS views,
    CASE WHEN dates.is_there THEN coalesce(found.carts_t, 0) END AS carts,
    CASE WHEN dates.is_there THEN coalesce(found.revenue_t, 0) END::DOUBLE AS revenue,
    found.price_mean_t AS price,
    found.conv_rate AS conversion,
    found."MA7" AS ma7,
    found."MA28" AS ma28
FROM dates
CROSS JOIN chosen
LEFT JOIN found ON found.key_value = chosen.key_value AND found.date = dates.date
ORDER BY chosen.key_value, dates.date;
