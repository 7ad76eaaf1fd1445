-- What is known of some keys.
SELECT
    key_value,
    purchases,
    brand,
    category_code
FROM key_totals
WHERE key_type = $key_type AND key_value IN ($keys);
