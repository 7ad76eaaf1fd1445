-- The keys of rows that differ, and in which version they have such a row.
SELECT key_type, key_value, bool_or(is_before) AS is_before, bool_or(is_after) AS is_after
FROM ${rows}
GROUP BY key_type, key_value
