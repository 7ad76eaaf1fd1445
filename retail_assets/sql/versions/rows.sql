-- What became of the rows by key type, and of each metric: rows that differ, both sums, the largest difference.
SELECT
    key_type,
    count(*) FILTER (WHERE NOT is_before) AS added,
    count(*) FILTER (WHERE NOT is_after) AS removed,
    count(*) FILTER (WHERE is_changed) AS changed,
    ${measures}
FROM pairs
GROUP BY key_type
