-- The lake's sales, as they are.
SELECT *
FROM sales
ORDER BY date, payment_id;
