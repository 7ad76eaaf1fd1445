-- The daily series of every live key with lags and moving averages. All of it goes by calendar, never by row.

-- For every requested date the dates of its window that the dataset has, days without any event included.
WITH windows AS MATERIALIZED (
    SELECT
        requested.key_type,
        present.date,
        (requested.date - present.date)::INTEGER AS days_later,
        count(*) OVER of_date AS days_of_28,
        count(*) FILTER (WHERE requested.date - present.date < 7) OVER of_date AS days_of_7,
        bool_or(requested.date - present.date = 1) OVER of_date AS has_day_1,
        bool_or(requested.date - present.date = 7) OVER of_date AS has_day_7
    FROM requested_partitions AS requested
    INNER JOIN daily_aggregates_partitions AS present
        ON present.key_type = requested.key_type
        AND present.date BETWEEN requested.date - 27 AND requested.date
    WINDOW of_date AS (PARTITION BY requested.key_type, requested.date)
),

-- Keys by number, in their order: numbers join and sort at a fraction of what texts cost.
keys AS MATERIALIZED (
    SELECT key_type, key_value, row_number() OVER (ORDER BY key_type, key_value) AS key_number
    FROM (SELECT DISTINCT key_type, key_value FROM daily_aggregates)
),

-- The days with an event. From each of them on a key is live for 28 days, or until the next such day.
observed AS MATERIALIZED (
    SELECT
        daily.*,
        keys.key_number,
        sum(daily.views_t) OVER (by_date RANGE BETWEEN 1 PRECEDING AND 1 PRECEDING) AS views_before_1,
        least(28, lead(daily.date, 1, DATE '9999-12-31') OVER by_date - daily.date) AS live_days
    FROM daily_aggregates AS daily
    INNER JOIN keys USING (key_type, key_value)
    WINDOW by_date AS (PARTITION BY keys.key_number ORDER BY daily.date - DATE '1970-01-01')
),

-- Every requested date of every live key, beside the latest day with an event: the date itself, unless it is quiet.
live AS (
    SELECT
        observed.* EXCLUDE (date),
        observed.date + windows.days_later AS date,
        windows.* EXCLUDE (key_type, date)
    FROM observed
    INNER JOIN windows USING (key_type, date)
    WHERE windows.days_later < observed.live_days
        AND (windows.days_later = 0 OR getvariable('feature_grid') = 'active')
),

-- Purchases in the windows. Few days have any: adding up those is cheaper than moving a window over all.
bought AS (
    SELECT
        observed.key_number,
        observed.date + windows.days_later AS date,
        sum(observed.purchases_t) AS purchases_of_28,
        sum(observed.purchases_t) FILTER (WHERE windows.days_later < 7) AS purchases_of_7,
        sum(observed.purchases_t) FILTER (WHERE windows.days_later = 1) AS purchases_before_1,
        sum(observed.purchases_t) FILTER (WHERE windows.days_later = 7) AS purchases_before_7
    FROM observed
    INNER JOIN windows USING (key_type, date)
    WHERE observed.purchases_t > 0
    GROUP BY observed.key_number, observed.date + windows.days_later
)

SELECT
    live.date,
    live.key_type,
    live.key_value,
    CASE WHEN live.days_later = 0 THEN live.purchases_t ELSE 0 END AS purchases_t,
    CASE WHEN live.days_later = 0 THEN live.views_t ELSE 0 END AS views_t,
    CASE WHEN live.days_later = 0 THEN live.carts_t ELSE 0 END AS carts_t,
    CASE WHEN live.days_later = 0 THEN live.price_mean_t END AS price_mean_t,
    CASE WHEN live.days_later = 0 THEN live.revenue_t ELSE 0 END AS revenue_t,
    CASE WHEN live.days_later = 0 THEN live.conv_rate END AS conv_rate,
    CASE WHEN live.days_later = 0 THEN live.cart_rate END AS cart_rate,
    CASE WHEN live.has_day_1 THEN coalesce(bought.purchases_before_1, 0) END AS "purchases_t-1",
    CASE WHEN live.has_day_7 THEN coalesce(bought.purchases_before_7, 0) END AS "purchases_t-7",
    CASE
        WHEN NOT live.has_day_1 THEN NULL
        WHEN live.days_later = 0 THEN coalesce(live.views_before_1, 0)
        WHEN live.days_later = 1 THEN live.views_t
        ELSE 0
    END AS "views_t-1",
    coalesce(bought.purchases_of_7, 0) / live.days_of_7 AS "MA7",
    coalesce(bought.purchases_of_28, 0) / live.days_of_28 AS "MA28",
    calendar.day_of_week,
    calendar.is_weekend,
    calendar.holiday_flag,
    live.days_of_28 AS window_days_present
FROM live
LEFT JOIN bought USING (key_number, date)
INNER JOIN calendar USING (date)
ORDER BY live.date, live.key_number;
