-- Prices that bring more decimals than the contract keeps.
SELECT
    date,
    count(*) FILTER (WHERE is_rounded_price(price)) = 0 AS passed,
    format('{:d} prices were rounded to four decimals', count(*) FILTER (WHERE is_rounded_price(price))) AS detail
FROM raw_events
GROUP BY date;
