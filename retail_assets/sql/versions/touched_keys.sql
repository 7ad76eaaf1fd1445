-- The keys of some partitions that differ: in which version they have a row there, and whether a row of theirs differs.
SELECT
    key_type,
    key_value,
    bool_or(is_before) AS is_before,
    bool_or(is_after) AS is_after,
    bool_or(is_changed OR NOT is_before OR NOT is_after) AS is_changed
FROM ${rows}
GROUP BY key_type, key_value
