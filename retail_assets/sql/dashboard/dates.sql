-- Every date between the first and the last with its totals, which are NULL where the date is missing.
SELECT
    calendar.date,
    totals.purchases,
    totals.views,
    totals.carts,
    totals.purchases + totals.views + totals.carts AS events,
    totals.revenue,
    totals.purchases / nullif(totals.views, 0)::DOUBLE AS conversion,
    totals.active_keys,
    calendar.holiday_name
FROM dim_date AS calendar
LEFT JOIN daily_totals AS totals ON totals.key_type = 'product_id' AND totals.date = calendar.date
WHERE calendar.date BETWEEN $first AND $last
ORDER BY calendar.date;
