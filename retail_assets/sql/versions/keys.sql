-- Keys that a version has and the other lacks, and those of both that have a row which differs.
WITH shared AS (
    -- A key that a partition of both versions holds is in both, whatever the partitions that differ say.
    SELECT DISTINCT key_type, key_value, true AS is_shared
    FROM shared_rows
    SEMI JOIN (SELECT key_type, key_value FROM touched WHERE is_before <> is_after) AS one_sided
        USING (key_type, key_value)
)

SELECT
    key_type,
    count(*) FILTER (WHERE NOT is_before AND is_shared IS NULL) AS added,
    count(*) FILTER (WHERE NOT is_after AND is_shared IS NULL) AS removed,
    count(*) FILTER (WHERE is_changed AND (is_before = is_after OR is_shared)) AS changed
FROM touched
LEFT JOIN shared USING (key_type, key_value)
GROUP BY key_type
