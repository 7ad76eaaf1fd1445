-- From view to purchase by key over a period, most viewed first.
SELECT
    key_value,
    sum(views_t)::BIGINT AS views,
    sum(carts_t)::BIGINT AS carts,
    sum(purchases_t)::BIGINT AS purchases,
    sum(carts_t) / nullif(sum(views_t), 0)::DOUBLE AS cart_rate,
    sum(purchases_t) / nullif(sum(carts_t), 0)::DOUBLE AS purchases_per_cart,
    sum(purchases_t) / nullif(sum(views_t), 0)::DOUBLE AS conversion,
    sum(revenue_t)::DOUBLE AS revenue
FROM features
WHERE key_type = $key_type AND date BETWEEN $first AND $last
GROUP BY key_value
ORDER BY views DESC, key_value
LIMIT $limit;
