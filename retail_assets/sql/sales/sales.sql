-- The payments of the asked days.
SELECT *
FROM joined_sales
WHERE joined_sales.date IN (SELECT asked.date FROM requested_partitions AS asked)
ORDER BY date, payment_id;
