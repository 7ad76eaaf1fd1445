-- Views of a day by brand.
SELECT
    date,
    key_value AS brand,
    views_t AS views
FROM daily_aggregates
WHERE key_type = 'brand'
