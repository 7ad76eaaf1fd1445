-- Every cut of a day sums to the same totals as its payments, to the cent.
WITH paid AS (
    SELECT
        date,
        coalesce(sum(amount) FILTER (WHERE amount >= 0), 0) AS gross,
        -coalesce(sum(amount) FILTER (WHERE amount < 0), 0) AS refunds
    FROM sales
    GROUP BY date
),

cuts AS (
    SELECT 'category' AS cut, date, gross_amount, refunds FROM staged_sales_by_category
    UNION ALL
    SELECT 'region' AS cut, date, gross_amount, refunds FROM staged_sales_by_region
    UNION ALL
    SELECT 'category and region' AS cut, date, gross_amount, refunds FROM staged_sales_by_category_region
),

summed AS (
    SELECT cut, date, sum(gross_amount) AS gross, sum(refunds) AS refunds
    FROM cuts
    GROUP BY cut, date
),

compared AS (
    SELECT
        asked.date,
        kinds.cut,
        (coalesce(paid.gross, 0), coalesce(paid.refunds, 0)) = (coalesce(summed.gross, 0), coalesce(summed.refunds, 0))
            AS passed,
        format(
            'payments of {} and refunds of {}; by {} they sum to {} and {}', coalesce(paid.gross, 0)::VARCHAR,
            coalesce(paid.refunds, 0)::VARCHAR, kinds.cut, coalesce(summed.gross, 0)::VARCHAR,
            coalesce(summed.refunds, 0)::VARCHAR
        ) AS detail
    FROM requested_partitions AS asked
    CROSS JOIN (VALUES ('category'), ('region'), ('category and region')) AS kinds(cut)
    LEFT JOIN paid USING (date)
    LEFT JOIN summed USING (date, cut)
)

SELECT date, bool_and(passed) AS passed, string_agg(detail, '; ' ORDER BY cut) FILTER (WHERE NOT passed) AS detail
FROM compared
GROUP BY date;
