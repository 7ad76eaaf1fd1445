-- The daily series of some keys: zeros on dates without an event of theirs, nothing on dates that are missing.
WITH chosen AS (
    SELECT key_value
    FROM key_totals
    WHERE key_type = $key_type AND key_value IN ($keys)
)

SELECT
    totals.date,
    chosen.key_value,
    coalesce(found.purchases_t, 0) AS purchases,
    coalesce(found.views_t, 0) AS views,
    coalesce(found.carts_t, 0) AS carts,
    coalesce(found.revenue_t, 0)::DOUBLE AS revenue,
    found.price_mean_t AS price,
    found.conv_rate AS conversion,
    found."MA7" AS ma7,
    found."MA28" AS ma28
FROM daily_totals AS totals
CROSS JOIN chosen
LEFT JOIN features AS found
    ON
        found.key_type = $key_type
        AND found.date BETWEEN $first AND $last
        AND found.key_value IN ($keys)
        AND found.key_value = chosen.key_value
        AND found.date = totals.date
WHERE totals.key_type = $key_type AND totals.date BETWEEN $first AND $last
ORDER BY chosen.key_value, totals.date;
