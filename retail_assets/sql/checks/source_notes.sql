-- What files say alike is said once.
WITH told AS (
    SELECT kind, detail, count(*) AS files, min(file) AS file
    FROM source_notes
    GROUP BY kind, detail
)
SELECT
    count(*) = 0 AS passed,
    string_agg(
        format('{}: {}', kind, detail)
        || CASE WHEN files > 1 THEN format(' ({:,} files)', files) WHEN file <> '' THEN ' (' || file || ')' ELSE '' END,
        '; ' ORDER BY kind, detail
    ) AS detail
FROM told;
