COPY (
    SELECT
        coalesce(misprint[1], event_time::VARCHAR || ' UTC') AS event_time,
        coalesce(misprint[2], event_type::VARCHAR) AS event_type,
        coalesce(misprint[3], product_id::VARCHAR) AS product_id,
        coalesce(misprint[4], category_id::VARCHAR) AS category_id,
        coalesce(misprint[5], category_code) AS category_code,
        coalesce(misprint[6], brand) AS brand,
        coalesce(misprint[7], price::VARCHAR) AS price,
        coalesce(misprint[8], user_id::VARCHAR) AS user_id,
        user_session::VARCHAR AS user_session
    FROM (
        SELECT *
        FROM feed
        WHERE event_time >= $begins AND event_time < $ends
        ORDER BY event_time, event, delivery
    )
) TO $file (FORMAT csv, HEADER)
