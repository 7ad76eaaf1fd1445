-- The keys whose purchases a day changed most from one period to the next.
WITH sums AS (
    SELECT
        key_value,
        sum(CASE WHEN date >= $first THEN purchases_t ELSE 0 END)::BIGINT AS purchases,
        sum(CASE WHEN date < $first THEN purchases_t ELSE 0 END)::BIGINT AS purchases_before
    FROM features
    WHERE key_type = $key_type AND date BETWEEN $before AND $last
    GROUP BY key_value
)

SELECT
    key_value,
    purchases,
    purchases_before,
    purchases - purchases_before AS change
FROM sums
WHERE purchases <> purchases_before
ORDER BY abs(purchases - purchases_before) DESC, key_value
LIMIT $limit;
