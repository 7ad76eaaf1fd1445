-- What became of the keys that have rows which differ: added or removed where one version has them on no date at all.
WITH found_before AS (
    SELECT DISTINCT key_type, key_value, true AS is_there
    FROM before_keys
    SEMI JOIN (SELECT * FROM touched WHERE NOT is_before) AS sought USING (key_type, key_value)
),

found_after AS (
    SELECT DISTINCT key_type, key_value, true AS is_there
    FROM after_keys
    SEMI JOIN (SELECT * FROM touched WHERE NOT is_after) AS sought USING (key_type, key_value)
),

placed AS (
    SELECT
        key_type,
        is_before OR found_before.is_there IS NOT NULL AS was_there,
        is_after OR found_after.is_there IS NOT NULL AS is_there
    FROM touched
    LEFT JOIN found_before USING (key_type, key_value)
    LEFT JOIN found_after USING (key_type, key_value)
)

SELECT
    key_type,
    count(*) FILTER (WHERE NOT was_there) AS added,
    count(*) FILTER (WHERE NOT is_there) AS removed,
    count(*) FILTER (WHERE was_there AND is_there) AS changed
FROM placed
GROUP BY key_type
