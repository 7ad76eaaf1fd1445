-- Products whose mean price of the day lies far from their mean over the days before: ten times above or below.

-- A mean lies between the least and the greatest price, so only prices that moved tenfold (nine: means are rounded) are
-- ever far from theirs. Those products are few: to compare every day of all others cost eight times as much.
WITH moved AS (
    SELECT key_type, key_value
    FROM daily_aggregates
    WHERE key_type = 'product_id'
    GROUP BY key_type, key_value
    HAVING max(price_mean_t) > 9 * min(price_mean_t)
),

prices AS (
    SELECT date, key_type, key_value, price_mean_t
    FROM daily_aggregates
    SEMI JOIN moved USING (key_type, key_value)
),

history AS (
    SELECT
        asked.date,
        asked.key_type,
        past.key_value,
        avg(past.price_mean_t) AS usual
    FROM requested_partitions AS asked
    INNER JOIN prices AS past
        ON past.key_type = asked.key_type
        AND past.date >= asked.date - 27
        AND past.date < asked.date
    GROUP BY ALL
    HAVING count(*) >= 3
),

far AS (
    SELECT today.date, today.key_type, count(*) AS keys, min(today.key_value) AS example
    FROM prices AS today
    INNER JOIN history USING (date, key_type, key_value)
    WHERE today.price_mean_t NOT BETWEEN history.usual / 10 AND history.usual * 10
    GROUP BY today.date, today.key_type
)

SELECT
    date,
    key_type,
    false AS passed,
    format('{:d} products are priced ten times above or below their mean of the days before, such as {}',
        keys, example) AS detail
FROM far;
