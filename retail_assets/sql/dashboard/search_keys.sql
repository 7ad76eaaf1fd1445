-- The keys that are chosen, and those in which the text occurs: the chosen first, then the best sellers.
SELECT
    key_value,
    purchases,
    brand,
    category_code
FROM key_totals
WHERE key_type = $key_type AND (key_value IN ($chosen) OR strpos(search_text, lower($text)) > 0)
ORDER BY CASE WHEN key_value IN ($chosen) THEN 0 ELSE 1 END, purchases DESC, views DESC, key_value
LIMIT $limit;
