-- The lake's sales_by_category, as they are.
SELECT *
FROM sales_by_category
ORDER BY date, category;
