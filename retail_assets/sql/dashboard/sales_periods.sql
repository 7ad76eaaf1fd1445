-- The sales of a period and of the one before it.
SELECT
    CASE WHEN date >= $first THEN 'now' ELSE 'before' END AS period,
    sum(payments)::BIGINT AS payments,
    sum(gross_amount)::DOUBLE AS gross,
    sum(refunds)::DOUBLE AS refunds,
    sum(net_amount)::DOUBLE AS net
FROM sales_by_region
WHERE date BETWEEN $before AND $last
GROUP BY CASE WHEN date >= $first THEN 'now' ELSE 'before' END;
