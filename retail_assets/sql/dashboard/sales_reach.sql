-- The dates that the sales cover.
SELECT
    min(date) AS first_date,
    max(date) AS last_date,
    count(DISTINCT date) AS dates
FROM sales_by_region;
