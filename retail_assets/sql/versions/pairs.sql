-- The rows of partitions that differ, side by side: matched by the grain, their common columns compared.
SELECT
    key_type,
    date,
    key_value,
    before_rows.is_there IS NOT NULL AS is_before,
    after_rows.is_there IS NOT NULL AS is_after,
    is_before AND is_after AND (${differs}) AS is_changed,
    ${values}
FROM (SELECT *, true AS is_there FROM before_rows) AS before_rows
FULL JOIN (SELECT *, true AS is_there FROM after_rows) AS after_rows USING (key_type, date, key_value)
