-- Sales day by day. Of the cuts, the one by region counts every payment once.
SELECT
    date,
    sum(payments)::BIGINT AS payments,
    sum(gross_amount)::DOUBLE AS gross,
    sum(refunds)::DOUBLE AS refunds,
    sum(net_amount)::DOUBLE AS net
FROM sales_by_region
WHERE date BETWEEN $first AND $last
GROUP BY date
ORDER BY date;
