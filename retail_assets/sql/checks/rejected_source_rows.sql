WITH counted AS (
    SELECT reason, sum(rows) AS rows
    FROM source_reasons
    GROUP BY reason
)
SELECT
    count(*) = 0 AS passed,
    string_agg(format('{:,} {}', rows, reason), ', ' ORDER BY rows DESC, reason) AS detail
FROM counted;
