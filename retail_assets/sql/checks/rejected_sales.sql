-- What was rejected, by reason.
WITH counted AS (
    SELECT reason, count(*) AS rows
    FROM staged_rejected_sales
    GROUP BY reason
)

SELECT false AS passed, string_agg(format('{}: {:d} rows', reason, rows), '; ' ORDER BY reason) AS detail
FROM counted
HAVING count(*) > 0;
