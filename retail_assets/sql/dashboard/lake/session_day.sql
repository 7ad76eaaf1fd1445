-- The sessions of one date, and how far they went.
WITH sessions AS (
    SELECT
        user_session,
        count(CASE WHEN event_type = 'view' THEN 1 END) AS views,
        count(CASE WHEN event_type = 'cart' THEN 1 END) AS carts,
        count(CASE WHEN event_type = 'purchase' THEN 1 END) AS purchases
    FROM events
    WHERE user_session IS NOT NULL
    GROUP BY user_session
)

SELECT
    count(*) AS sessions,
    count(CASE WHEN views > 0 THEN 1 END) AS with_view,
    count(CASE WHEN carts > 0 THEN 1 END) AS with_cart,
    count(CASE WHEN purchases > 0 THEN 1 END) AS with_purchase
FROM sessions
