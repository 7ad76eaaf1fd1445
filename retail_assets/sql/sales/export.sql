-- Sales as files by category and region, each with its days in order.
SELECT category, region, date, payments, gross_amount, refunds, net_amount, customers
FROM sales_by_category_region
ORDER BY category, region, date;
