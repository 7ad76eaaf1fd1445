-- Users with more views in a day than any person could have. Their events are kept.
WITH viewers AS (
    SELECT date, user_id, count(*) AS views
    FROM staged_clean_events
    WHERE event_type = 'view'
    GROUP BY date, user_id
    HAVING count(*) > getvariable('bot_views_per_day')
)

SELECT
    date,
    false AS passed,
    format('{:d} users with more than {:d} views, the busiest with {:d}', count(*),
        getvariable('bot_views_per_day'), max(views)) AS detail
FROM viewers
GROUP BY date;
