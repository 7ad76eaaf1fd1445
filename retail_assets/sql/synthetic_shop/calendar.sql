-- One row per day of the plan: how many events begin on it, and what kind of shopping day it is.
CREATE TABLE calendar AS
WITH
days AS (
    SELECT unnest(generate_series(getvariable('first_day'), getvariable('last_day'), INTERVAL 1 DAY))::DATE AS day
),

named AS (
    SELECT
        day,
        month(day) AS month,
        day(day) AS day_of_month,
        isodow(day) AS weekday,
        day - DATE '1970-01-01' AS day_number,
        day - getvariable('first_day') AS age,
        CASE
            WHEN month = 11 AND day_of_month = 11 THEN 'Singles'' Day'
            WHEN month = 11 AND weekday = 5 AND day_of_month BETWEEN 23 AND 29 THEN 'Black Friday'
            WHEN month = 11 AND weekday = 6 AND day_of_month BETWEEN 24 AND 30 THEN 'Black Friday weekend'
            WHEN month = 11 AND weekday = 7 AND day_of_month BETWEEN 25 AND 30 THEN 'Black Friday weekend'
            WHEN month = 12 AND weekday = 7 AND day_of_month = 1 THEN 'Black Friday weekend'
            WHEN month = 11 AND weekday = 1 AND day_of_month BETWEEN 26 AND 30 THEN 'Cyber Monday'
            WHEN month = 12 AND weekday = 1 AND day_of_month BETWEEN 1 AND 2 THEN 'Cyber Monday'
            WHEN month = 12 AND day_of_month BETWEEN 1 AND 23 THEN 'Christmas shopping'
            WHEN month = 12 AND day_of_month = 24 THEN 'Christmas Eve'
            WHEN month = 12 AND day_of_month = 25 THEN 'Christmas'
            WHEN month = 1 AND day_of_month = 1 THEN 'New Year'
            WHEN month IN (1, 7) AND day_of_month BETWEEN 8 AND 14 THEN 'Seasonal sale'
        END AS occasion
    FROM days
),

-- traffic: against an ordinary day; conversion: buyers per session, likewise; promoted: share of products on offer.
occasions (occasion, traffic, conversion, promoted) AS (
    VALUES
        (NULL, 1.00, 1.00, 0.05),
        ('Singles'' Day', 1.70, 1.40, 0.25),
        ('Black Friday', 2.30, 1.70, 0.40),
        ('Black Friday weekend', 1.50, 1.30, 0.25),
        ('Cyber Monday', 1.90, 1.60, 0.35),
        ('Christmas shopping', 1.25, 1.15, 0.10),
        ('Christmas Eve', 0.80, 0.90, 0.05),
        ('Christmas', 0.60, 0.80, 0.05),
        ('New Year', 0.65, 0.80, 0.05),
        ('Seasonal sale', 1.20, 1.20, 0.20)
),

-- Week, growth of a quarter each year, occasion and a little noise, in whole millionths: sums stay exact.
weighed AS (
    SELECT
        named.*,
        conversion,
        promoted,
        round(
            1e6
            * [0.95, 0.93, 0.95, 0.97, 1.03, 1.11, 1.06][weekday]
            * (1 + 0.25 * age / 365.25)
            * traffic
            * (0.97 + 0.06 * chance(day_number, 'daily noise'))
        )::BIGINT AS weight
    FROM named
    JOIN occasions ON named.occasion IS NOT DISTINCT FROM occasions.occasion
),

-- The events of all days up to this one, rounded: the days add up to the plan's events exactly.
shared_out AS (
    SELECT
        *,
        sum(weight) OVER (ORDER BY day) * getvariable('events') // sum(weight) OVER () AS events_so_far
    FROM weighed
)

SELECT
    day,
    day_number,
    month,
    weekday >= 6 AS is_weekend,
    (day_number + 3) // 7 AS week,
    occasion,
    conversion::DOUBLE AS conversion,
    promoted::DOUBLE AS promoted,
    epoch(day)::BIGINT AS opens,
    coalesce(lag(events_so_far) OVER (ORDER BY day), 0)::BIGINT AS first_event,
    (events_so_far - coalesce(lag(events_so_far) OVER (ORDER BY day), 0))::BIGINT AS events,
    -- Half of the customers are there from the start, the others come over time.
    1 + (getvariable('customers') * (0.5 + 0.5 * events_so_far / getvariable('events')))::BIGINT AS customers
FROM shared_out
ORDER BY day;
