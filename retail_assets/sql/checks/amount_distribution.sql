-- The mean payment of a day against that of the four weeks before, where there are enough of both.
WITH days AS (
    SELECT date, count(*) AS payments, sum(amount) AS total
    FROM joined_sales
    WHERE amount > 0
    GROUP BY date
),

compared AS (
    SELECT
        day.date,
        day.payments,
        day.total / day.payments AS mean,
        sum(before.total) / sum(before.payments) AS usual,
        sum(before.payments) AS payments_before
    FROM days AS day
    JOIN days AS before ON before.date BETWEEN day.date - 28 AND day.date - 1
    WHERE day.date IN (SELECT date FROM requested_partitions)
    GROUP BY day.date, day.payments, day.total
)

SELECT
    date,
    false AS passed,
    format('the mean payment is {:.2f}, {:.0f} % of the {:.2f} of the four weeks before', mean, 100 * mean / usual, usual)
        AS detail
FROM compared
WHERE payments >= 20 AND payments_before >= 100 AND mean NOT BETWEEN 0.5 * usual AND 2 * usual;
