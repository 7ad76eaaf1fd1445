-- The events of the batch's days, in the order of the feed.
INSERT INTO events
WITH
steps AS (
    SELECT *, unnest(range(length)) AS step
    FROM sessions
    WHERE opens < epoch(getvariable('batch_end'))
),

-- Within a session times strictly increase: session and time alone tell any two events apart.
timed AS (
    SELECT
        *,
        session * 128 + step AS number,
        first_event + step AS event,
        make_timestamp(1000000 * (opens + step * pace + draw(number, 'pause', pace))) AS event_time
    FROM steps
),

-- A session circles around a few products, the first of which it buys if it buys.
walked AS (
    SELECT
        timed.*,
        event_type,
        session * 128 + coalesce(item, draw(number, 'looks at', 1 + length * 2 // 3)) AS wish
    FROM timed
    JOIN funnel ON (8 * enum_code(outcome) + least(length - 1 - step, 7))::INTEGER = stage
    WHERE event_time >= getvariable('batch_start') AND event_time < getvariable('batch_end')
),

-- Three of four wishes stay in the category that the session is about.
aimed AS (
    SELECT
        *,
        (month * 3000 + if(
            wish % 128 > 0 AND chance(wish, 'strays') < 0.25,
            draw(wish, 'strays to', 3000),
            interest
        ))::INTEGER AS position
    FROM walked
),

-- Of two products that would do, an offer attracts.
considered AS (
    SELECT
        aimed.*,
        first_slot + zipf(slots, span, chance(wish, 'first choice')) AS first_choice,
        first_slot + zipf(slots, span, chance(wish, 'second choice')) AS second_choice
    FROM aimed
    JOIN dial USING (position)
),

chosen AS (
    SELECT
        *,
        (if(
            chance(wish, 'bargain hunter') < if(outcome IN ('browse', 'abandoned'), 0.4, 0.8)
            AND is_promoted(second_choice, week, promoted)
            AND NOT is_promoted(first_choice, week, promoted),
            second_choice,
            first_choice
        ))::INTEGER AS slot
    FROM considered
),

-- A new product wins its slot's customers from the retiring one over three weeks.
stocked AS (
    SELECT
        chosen.*,
        list_cents,
        category_id,
        category_code,
        brand,
        (day_number + phase) // lifetime
        - if(chance(wish, 'sticks to the old') * 21 > (day_number + phase) % lifetime, 1, 0) AS generation
    FROM chosen
    JOIN slots USING (slot)
),

-- A successor costs a little less or more; an offer takes 5 to 30 per cent off.
priced AS (
    SELECT
        *,
        1000000 + slot * 600 + generation AS product_id,
        list_cents * (90 + draw(product_id, 'successor', 21)) // 100 AS cents,
        if(
            is_promoted(slot, week, promoted),
            5 * (1 + draw(slot * 8192 + week, 'discount', 6)),
            0
        ) AS discount,
        (greatest(cents * (100 - discount) // 100, 1)::DECIMAL(10, 0) * 0.01)::DECIMAL(12, 2) AS price
    FROM stocked
),

defective AS (
    SELECT *
    FROM labels
    JOIN defects USING (defect)
    WHERE event BETWEEN (SELECT min(first_event) FROM sessions) AND (SELECT max(first_event + length) FROM sessions)
)

SELECT
    event_time,
    event_type,
    product_id,
    category_id,
    category_code,
    brand,
    price,
    user_id,
    user_session,
    coalesce(defect, 0) AS defect,
    coalesce(delivery, 0) AS delivery,
    CASE
        WHEN defect IS NOT NULL THEN [
            spoilt(
                coalesce(templates[1], '{} UTC'),
                (event_time + to_days(days_off) + to_hours(hours_off))::VARCHAR
            ),
            spoilt(templates[2], event_type::VARCHAR),
            spoilt(templates[3], product_id::VARCHAR),
            spoilt(templates[4], category_id::VARCHAR),
            spoilt(templates[5], category_code::VARCHAR),
            spoilt(templates[6], brand::VARCHAR),
            spoilt(templates[7], price::VARCHAR),
            spoilt(templates[8], user_id::VARCHAR)
        ]
    END AS misprint
FROM priced
LEFT JOIN defective USING (event)
ORDER BY event_time, event, delivery;
