-- The lake's sales_by_category_region, as they are.
SELECT *
FROM sales_by_category_region
ORDER BY date, category, region;
