-- Counts and exact sums per day and key. Events are first summed once over all three keys together: what is left is
-- small, and each key type is a cheap sum over it.
WITH summed AS (
    SELECT
        date,
        product_id,
        category_code,
        brand,
        event_type,
        count(*) AS events,
        sum(price) AS price_sum
    FROM clean_events
    GROUP BY date, product_id, category_code, brand, event_type
),

keyed AS (
    SELECT 'product_id' AS key_type, product_id AS key_value, * FROM summed
    UNION ALL
    SELECT 'category_code' AS key_type, category_code AS key_value, * FROM summed WHERE category_code IS NOT NULL
    UNION ALL
    SELECT 'brand' AS key_type, brand AS key_value, * FROM summed WHERE brand IS NOT NULL
),

counted AS (
    SELECT
        date,
        key_type,
        key_value,
        sum(events) AS events,
        coalesce(sum(events) FILTER (WHERE event_type = 'purchase'), 0) AS purchases_t,
        coalesce(sum(events) FILTER (WHERE event_type = 'view'), 0) AS views_t,
        coalesce(sum(events) FILTER (WHERE event_type = 'cart'), 0) AS carts_t,
        sum(price_sum) AS price_sum,
        coalesce(sum(price_sum) FILTER (WHERE event_type = 'purchase'), 0) AS revenue_t
    FROM keyed
    SEMI JOIN requested_partitions USING (date, key_type)
    GROUP BY date, key_type, key_value
)

SELECT
    date,
    key_type,
    key_value,
    purchases_t,
    views_t,
    carts_t,
    price_sum::DOUBLE / events AS price_mean_t,
    revenue_t,
    purchases_t / nullif(views_t, 0) AS conv_rate,
    carts_t / nullif(views_t, 0) AS cart_rate
FROM counted
ORDER BY date, key_type, key_value;
