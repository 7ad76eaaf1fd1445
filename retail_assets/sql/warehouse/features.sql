-- The lake's features, as they are.
SELECT *
FROM features
ORDER BY date, key_type, key_value;
