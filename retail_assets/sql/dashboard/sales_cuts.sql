-- Sales over a period by category or by country of the customer.
WITH cuts AS (
    SELECT
        'category' AS cut,
        category AS name,
        date,
        net_amount,
        refunds
    FROM sales_by_category

    UNION ALL

    SELECT
        'region' AS cut,
        region AS name,
        date,
        net_amount,
        refunds
    FROM sales_by_region
)

SELECT
    name,
    sum(net_amount)::DOUBLE AS net,
    sum(refunds)::DOUBLE AS refunds
FROM cuts
WHERE cut = $cut AND date BETWEEN $first AND $last
GROUP BY name
ORDER BY net DESC, name
LIMIT $limit;
