-- The totals of a period and of the one before it, and how many dates of each there are.
WITH dated AS (
    SELECT
        *,
        CASE WHEN date >= $first THEN 'now' ELSE 'before' END AS period
    FROM daily_totals
    WHERE key_type = 'product_id' AND date BETWEEN $before AND $last
)

SELECT
    period,
    count(*) AS dates,
    sum(purchases + views + carts)::BIGINT AS events,
    sum(purchases)::BIGINT AS purchases,
    sum(views)::BIGINT AS views,
    sum(carts)::BIGINT AS carts,
    sum(revenue) AS revenue,
    sum(purchases) / nullif(sum(views), 0)::DOUBLE AS conversion
FROM dated
GROUP BY period;
