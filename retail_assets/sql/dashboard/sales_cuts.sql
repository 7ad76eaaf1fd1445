-- Sales by category over a period.
SELECT
    category AS name,
    sum(net_amount)::DOUBLE AS net,
    sum(refunds)::DOUBLE AS refunds
FROM sales_by_category
WHERE date BETWEEN $first AND $last
GROUP BY category
ORDER BY net DESC, name
LIMIT $limit;
