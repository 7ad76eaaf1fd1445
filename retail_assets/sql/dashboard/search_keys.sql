-- The keys in which the text occurs, best sellers first.
SELECT
    key_value,
    purchases,
    brand,
    category_code
FROM key_totals
WHERE key_type = $key_type AND strpos(search_text, lower($text)) > 0
ORDER BY purchases DESC, views DESC, key_value
LIMIT $limit;
