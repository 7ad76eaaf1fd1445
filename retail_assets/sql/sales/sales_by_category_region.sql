-- Sales of the day by category and region.
SELECT
    date,
    category,
    region,
    count(*) AS payments,
    coalesce(sum(share) FILTER (WHERE NOT is_refund), 0) AS gross_amount,
    -coalesce(sum(share) FILTER (WHERE is_refund), 0) AS refunds,
    sum(share) AS net_amount,
    count(DISTINCT customer_id) AS customers
FROM sale_shares
GROUP BY date, category, region
ORDER BY date, category, region;
