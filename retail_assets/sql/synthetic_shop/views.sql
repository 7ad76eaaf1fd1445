-- An event with all that its row in a file needs. misprint: that row's first eight columns, where a defect changed them.
CREATE VIEW feed AS
WITH
described AS (
    SELECT
        events.*,
        slots.category_id,
        slots.category_code,
        slots.brand,
        defects AS template
    FROM events
    JOIN slots USING (slot)
    JOIN defects USING (defect)
)

SELECT
    *,
    CASE
        WHEN defect > 0 THEN [
            spoilt(
                coalesce(template.event_time, '{} UTC'),
                (event_time + to_days(template.days_off) + to_hours(template.hours_off))::VARCHAR
            ),
            spoilt(template.event_type, event_type::VARCHAR),
            spoilt(template.product_id, product_id::VARCHAR),
            spoilt(template.category_id, category_id::VARCHAR),
            spoilt(template.category_code, category_code),
            spoilt(template.brand, brand),
            spoilt(template.price, price::VARCHAR),
            spoilt(template.user_id, user_id::VARCHAR)
        ]
    END AS misprint
FROM described;

-- What cleaning must make of an event. The defect that was put on the row tells it: no rule of cleaning is repeated here.
CREATE VIEW judged_events AS
SELECT
    events.event_time AS moment,
    CASE
        WHEN reason = 'bad_event_time' THEN NULL
        ELSE coalesce(booked_on, events.event_time::DATE + days_off)
    END AS date,
    if(reason IS NULL OR (reason = 'duplicate' AND delivery = 0), 'clean', reason) AS verdict,
    oddity,
    events.event_type,
    events.product_id,
    events.user_id,
    user_session
FROM events
JOIN defects USING (defect);
