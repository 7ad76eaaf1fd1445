-- Every product with its category and brand on the last day on which it was seen.
SELECT
    product_id,
    arg_max_null(category_code, last_seen) AS category_code,
    arg_max_null(brand, last_seen) AS brand,
    min(first_seen) AS first_seen,
    max(last_seen) AS last_seen
FROM product_days
GROUP BY product_id
ORDER BY product_id;
