-- How many rows differ and in what way, by key type; and of each metric, in how many, both sums, the largest difference.
SELECT
    key_type,
    count(*) FILTER (WHERE NOT is_before) AS added,
    count(*) FILTER (WHERE NOT is_after) AS removed,
    count(*) FILTER (WHERE is_before AND is_after) AS changed,
    ${measures}
FROM pairs
GROUP BY key_type
