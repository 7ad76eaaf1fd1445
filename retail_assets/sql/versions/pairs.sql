-- The rows that differ, side by side: those of one version only, and those of both whose common columns are not equal.
SELECT
    key_type,
    date,
    key_value,
    before_rows.is_there IS NOT NULL AS is_before,
    after_rows.is_there IS NOT NULL AS is_after,
    ${values}
FROM (SELECT *, true AS is_there FROM before_rows) AS before_rows
FULL JOIN (SELECT *, true AS is_there FROM after_rows) AS after_rows USING (key_type, date, key_value)
WHERE before_rows.is_there IS NULL OR after_rows.is_there IS NULL OR ${differs}
