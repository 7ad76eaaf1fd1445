-- The calendar of the years that the data covers, and of the year after.
SELECT
    date,
    day_of_week,
    is_weekend,
    holiday_flag,
    holiday_name,
    iso_year,
    iso_week,
    year,
    quarter,
    month
FROM calendar
ORDER BY date;
