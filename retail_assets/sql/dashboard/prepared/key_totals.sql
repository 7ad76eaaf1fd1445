-- Every key's sums over all dates, and the text that a search looks into: of products also their brand and category.
WITH totals AS (
    SELECT
        key_type,
        key_value,
        CASE WHEN key_type = 'product_id' THEN key_value END AS product_id,
        sum(purchases_t)::BIGINT AS purchases,
        sum(views_t)::BIGINT AS views
    FROM features
    GROUP BY key_type, key_value
)

SELECT
    totals.key_type,
    totals.key_value,
    totals.purchases,
    totals.views,
    product.brand,
    product.category_code,
    lower(
        totals.key_value || ' ' || coalesce(product.brand, '') || ' ' || coalesce(product.category_code, '')
    ) AS search_text
FROM totals
-- By one equality and nothing else: a further condition on the left side makes it a comparison of all with all.
LEFT JOIN dim_product AS product ON product.product_id = totals.product_id;
