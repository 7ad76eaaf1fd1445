-- Every product with its category and brand on the last day on which it was seen.
WITH seen AS (
    SELECT product_id, min(first_seen) AS first_seen, max(last_seen) AS last_seen
    FROM product_days
    GROUP BY product_id
)

SELECT
    product_id,
    latest.category_code,
    latest.brand,
    seen.first_seen,
    last_seen
FROM seen
INNER JOIN product_days AS latest USING (product_id, last_seen)
ORDER BY product_id;
