-- An event as the files hold it: nine columns of text, a defect's columns written as its templates say.
CREATE VIEW feed AS
SELECT
    events.event_time AS moment,
    CASE
        WHEN defect IS NULL THEN events.event_time::VARCHAR || ' UTC'
        ELSE spoilt(
            coalesce(defects.event_time, '{} UTC'),
            (events.event_time + to_days(days_off) + to_hours(hours_off))::VARCHAR
        )
    END AS event_time,
    spoilt(defects.event_type, events.event_type) AS event_type,
    spoilt(defects.product_id, events.product_id::VARCHAR) AS product_id,
    spoilt(defects.category_id, slots.category_id::VARCHAR) AS category_id,
    spoilt(defects.category_code, slots.category_code) AS category_code,
    spoilt(defects.brand, slots.brand) AS brand,
    spoilt(defects.price, events.price::VARCHAR) AS price,
    spoilt(defects.user_id, events.user_id::VARCHAR) AS user_id,
    user_session::VARCHAR AS user_session
FROM events
JOIN slots USING (slot)
LEFT JOIN defects USING (defect);

-- What cleaning must make of an event. The defect that was put on the row tells it: no rule of cleaning is repeated here.
CREATE VIEW judged_events AS
SELECT
    events.event_time AS moment,
    CASE
        WHEN reason = 'bad_event_time' THEN NULL
        ELSE coalesce(booked_on, events.event_time::DATE + coalesce(days_off, 0)::INTEGER)
    END AS date,
    if(reason IS NULL OR (reason = 'duplicate' AND delivery = 0), 'clean', reason) AS verdict,
    oddity,
    events.event_type,
    events.product_id,
    events.user_id,
    user_session
FROM events
LEFT JOIN defects USING (defect);
