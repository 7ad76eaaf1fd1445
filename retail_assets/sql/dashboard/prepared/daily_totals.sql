-- Every date's sums by key type. A product is known of every clean event, so those of product_id are the totals.
SELECT
    key_type,
    date,
    sum(purchases_t)::BIGINT AS purchases,
    sum(views_t)::BIGINT AS views,
    sum(carts_t)::BIGINT AS carts,
    sum(revenue_t)::DOUBLE AS revenue,
    count(CASE WHEN purchases_t + views_t + carts_t > 0 THEN 1 END)::BIGINT AS active_keys
FROM features
GROUP BY key_type, date
ORDER BY key_type, date;
