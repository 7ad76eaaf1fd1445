-- The lake's customer_value, as it is.
SELECT *
FROM customer_value
ORDER BY customer_id;
