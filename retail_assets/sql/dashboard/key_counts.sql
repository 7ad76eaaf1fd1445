-- How many keys of each type there are.
SELECT
    key_type,
    count(*) AS keys
FROM key_totals
GROUP BY key_type
ORDER BY key_type;
