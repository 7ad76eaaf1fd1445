-- The lake's sales_by_region, as they are.
SELECT *
FROM sales_by_region
ORDER BY date, region;
