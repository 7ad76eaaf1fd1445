-- The dates that the warehouse covers.
SELECT
    min(date) AS first_date,
    max(date) AS last_date,
    count(*) AS dates
FROM daily_totals
WHERE key_type = 'product_id';
