-- An event as the files hold it: nine columns of text.
CREATE VIEW feed AS
SELECT
    event_time AS moment,
    written(misprint, 1, event_time::VARCHAR || ' UTC') AS event_time,
    written(misprint, 2, event_type::VARCHAR) AS event_type,
    written(misprint, 3, product_id::VARCHAR) AS product_id,
    written(misprint, 4, category_id::VARCHAR) AS category_id,
    written(misprint, 5, category_code::VARCHAR) AS category_code,
    written(misprint, 6, brand::VARCHAR) AS brand,
    written(misprint, 7, price::VARCHAR) AS price,
    written(misprint, 8, user_id::VARCHAR) AS user_id,
    user_session::VARCHAR AS user_session
FROM events;

-- What cleaning must make of an event. The defect put on the row tells it: no rule of cleaning is repeated here.
CREATE VIEW judged_events AS
SELECT
    events.event_time AS moment,
    CASE
        WHEN reason = 'bad_event_time' THEN NULL
        ELSE coalesce(booked_on, events.event_time::DATE + days_off)
    END AS date,
    if(reason IS NULL OR (reason = 'duplicate' AND delivery = 0), 'clean', reason) AS verdict,
    -- A product without brand or category code has no odd spelling of it.
    CASE
        WHEN oddity = 'brand_spelling' AND brand IS NULL THEN NULL
        WHEN oddity = 'category_spelling' AND category_code IS NULL THEN NULL
        ELSE oddity
    END AS oddity,
    events.event_type,
    events.product_id,
    events.user_id,
    user_session
FROM events
JOIN defects USING (defect);
