-- Sales by country of the customer over a period.
SELECT
    region AS name,
    sum(net_amount)::DOUBLE AS net,
    sum(refunds)::DOUBLE AS refunds
FROM sales_by_region
WHERE date BETWEEN $first AND $last
GROUP BY region
ORDER BY net DESC, name
LIMIT $limit;
