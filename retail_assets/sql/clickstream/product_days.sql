-- The first and last event of each product on a day, and its category and brand at the last.
-- Nearly every product has one category and brand on a day: what is left of the events is small.
WITH shown AS (
    SELECT
        date,
        product_id,
        category_code,
        brand,
        min(event_time) AS first_seen,
        max(event_time) AS last_seen
    FROM clean_events
    GROUP BY date, product_id, category_code, brand
),

seen AS (
    SELECT
        date,
        product_id,
        min(first_seen) AS first_seen,
        max(last_seen) AS last_seen
    FROM shown
    GROUP BY date, product_id
)

SELECT
    seen.date,
    seen.product_id,
    max(latest.category_code) AS category_code,
    max(latest.brand) AS brand,
    any_value(seen.first_seen) AS first_seen,
    any_value(seen.last_seen) AS last_seen
FROM seen
INNER JOIN shown AS latest
    ON latest.date = seen.date
    AND latest.product_id = seen.product_id
    AND latest.last_seen = seen.last_seen
GROUP BY seen.date, seen.product_id
ORDER BY seen.date, seen.product_id;
