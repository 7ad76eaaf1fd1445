-- Holidays and retail dates of a period.
SELECT
    date,
    holiday_name
FROM dim_date
WHERE holiday_flag = 1 AND date BETWEEN $first AND $last
ORDER BY date;
