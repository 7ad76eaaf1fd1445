-- Sales of the day by region.
SELECT
    date,
    region,
    count(*) AS payments,
    coalesce(sum(amount) FILTER (WHERE amount >= 0), 0) AS gross_amount,
    -coalesce(sum(amount) FILTER (WHERE amount < 0), 0) AS refunds,
    sum(amount) AS net_amount,
    count(DISTINCT customer_id) AS customers
FROM sales
GROUP BY date, region
ORDER BY date, region;
