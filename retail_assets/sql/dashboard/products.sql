-- What is known of some products.
SELECT
    product_id,
    brand,
    category_code,
    first_seen,
    last_seen
FROM dim_product
WHERE product_id IN ($keys)
ORDER BY product_id;
