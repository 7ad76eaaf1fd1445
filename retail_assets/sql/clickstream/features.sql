-- The daily series of every live key with lags and moving averages. Windows go by calendar, never by row.
WITH observed AS (
    SELECT
        *,
        lead(date, 1, DATE '9999-12-31') OVER (PARTITION BY key_type, key_value ORDER BY date) AS next_date
    FROM daily_aggregates
),

-- A key is live for 28 days from an event on: the requested days after each observed one, up to the next.
quiet AS (
    SELECT
        observed.key_type,
        observed.key_value,
        asked.date
    FROM observed
    INNER JOIN requested_partitions AS asked
        ON asked.key_type = observed.key_type
        AND asked.date > observed.date
        AND asked.date < observed.next_date
        AND asked.date <= observed.date + 27
    WHERE getvariable('feature_grid') = 'active'
),

series AS (
    SELECT
        key_type, key_value, date, purchases_t, views_t, carts_t, price_mean_t, revenue_t, conv_rate, cart_rate
    FROM daily_aggregates

    UNION ALL

    SELECT key_type, key_value, date, 0, 0, 0, NULL, 0, NULL, NULL
    FROM quiet
),

-- Days without a row in the series are days without an event: they add nothing to a sum.
windowed AS (
    SELECT
        *,
        sum(purchases_t) OVER (days_before RANGE BETWEEN 6 PRECEDING AND CURRENT ROW) AS purchases_of_7,
        sum(purchases_t) OVER (days_before RANGE BETWEEN 27 PRECEDING AND CURRENT ROW) AS purchases_of_28,
        sum(purchases_t) OVER (days_before RANGE BETWEEN 1 PRECEDING AND 1 PRECEDING) AS purchases_before_1,
        sum(purchases_t) OVER (days_before RANGE BETWEEN 7 PRECEDING AND 7 PRECEDING) AS purchases_before_7,
        sum(views_t) OVER (days_before RANGE BETWEEN 1 PRECEDING AND 1 PRECEDING) AS views_before_1
    FROM series
    WINDOW days_before AS (PARTITION BY key_type, key_value ORDER BY date - DATE '1970-01-01')
),

-- Which dates of each window the dataset has, days without any event included.
had AS (
    SELECT
        asked.key_type,
        asked.date,
        count(*) AS days_of_28,
        count(*) FILTER (WHERE present.date > asked.date - 7) AS days_of_7,
        bool_or(present.date = asked.date - 1) AS has_day_1,
        bool_or(present.date = asked.date - 7) AS has_day_7
    FROM requested_partitions AS asked
    INNER JOIN daily_aggregates_partitions AS present
        ON present.key_type = asked.key_type
        AND present.date BETWEEN asked.date - 27 AND asked.date
    GROUP BY asked.key_type, asked.date
)

SELECT
    windowed.date,
    windowed.key_type,
    windowed.key_value,
    windowed.purchases_t,
    windowed.views_t,
    windowed.carts_t,
    windowed.price_mean_t,
    windowed.revenue_t,
    windowed.conv_rate,
    windowed.cart_rate,
    CASE WHEN had.has_day_1 THEN coalesce(windowed.purchases_before_1, 0) END AS "purchases_t-1",
    CASE WHEN had.has_day_7 THEN coalesce(windowed.purchases_before_7, 0) END AS "purchases_t-7",
    CASE WHEN had.has_day_1 THEN coalesce(windowed.views_before_1, 0) END AS "views_t-1",
    windowed.purchases_of_7 / had.days_of_7 AS "MA7",
    windowed.purchases_of_28 / had.days_of_28 AS "MA28",
    calendar.day_of_week,
    calendar.is_weekend,
    calendar.holiday_flag,
    had.days_of_28 AS window_days_present
FROM windowed
INNER JOIN had USING (key_type, date)
INNER JOIN calendar USING (date)
ORDER BY windowed.date, windowed.key_type, windowed.key_value;
