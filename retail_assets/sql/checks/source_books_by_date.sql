WITH staged AS (
    SELECT date, count(*) AS rows
    FROM staged_${dataset}
    GROUP BY date
)
SELECT
    date,
    coalesce(staged.rows, 0) = coalesce(counted.rows, 0) AS passed,
    format('{:,} rows, of {:,} that were taken in', coalesce(staged.rows, 0), coalesce(counted.rows, 0)) AS detail
FROM requested_partitions
LEFT JOIN staged USING (date)
LEFT JOIN source_rows AS counted USING (date);
