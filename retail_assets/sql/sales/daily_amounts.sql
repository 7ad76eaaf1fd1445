-- What was earned by category, by region and day: the history of sales forecasts. More paid back than paid counts as 0.
SELECT date, 'category' AS key_type, category AS key_value, greatest(net_amount, 0)::DOUBLE AS units
FROM sales_by_category
UNION ALL
SELECT date, 'region', region, greatest(net_amount, 0)::DOUBLE
FROM sales_by_region;
