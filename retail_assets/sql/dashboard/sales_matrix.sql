-- Sales by category and region over a period, of the regions that sell most.
WITH best AS (
    SELECT region
    FROM sales_by_region
    WHERE date BETWEEN $first AND $last
    GROUP BY region
    ORDER BY sum(net_amount) DESC, region
    LIMIT $limit
)

SELECT
    sold.category,
    sold.region,
    sum(sold.net_amount)::DOUBLE AS net
FROM sales_by_category_region AS sold
INNER JOIN best ON best.region = sold.region
WHERE sold.date BETWEEN $first AND $last
GROUP BY sold.category, sold.region
ORDER BY sold.category, sold.region;
