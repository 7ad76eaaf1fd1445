-- Sessions that are over are forgotten.
CREATE OR REPLACE TABLE sessions AS
FROM sessions WHERE opens + length * pace >= epoch(getvariable('batch_start'));

-- The sessions that begin on the batch's days: who comes, when, for what, and how it ends.
INSERT INTO sessions
WITH
-- Some more visitors than the day needs: a session has 4.4 events on average.
visitors AS (
    SELECT
        day_number,
        events,
        customers,
        conversion,
        unnest(range(events // 4 + 500)) AS visitor
    FROM calendar
    WHERE day BETWEEN getvariable('batch_first') AND getvariable('batch_last')
),

known AS (
    SELECT
        *,
        day_number * 1073741824 + visitor AS session,
        -- A few customers come often.
        (customers * pow(chance(session, 'customer'), 1.6))::BIGINT AS customer,
        -- A few customers buy often: 1 on average.
        3 * pow(chance(customer, 'buys readily'), 2) AS readiness,
        chance(session, 'outcome') / (conversion * readiness) AS reluctance
    FROM visitors
),

decided AS (
    SELECT
        *,
        CASE
            WHEN reluctance < 0.052 THEN 'order'
            WHEN reluctance < 0.062 THEN 'one click'
            WHEN reluctance < 0.068 THEN 'basket'
            WHEN reluctance < 0.110 THEN 'abandoned'
            ELSE 'browse'
        END::OUTCOME AS intended,
        CASE intended WHEN 'browse' THEN 1 WHEN 'basket' THEN 6 WHEN 'order' THEN 3 ELSE 2 END AS ending,
        -- A third of the sessions see one page, half one or two, a few dozens.
        least(80, floor(1.5 * pow(1 - chance(session, 'browsing'), -0.75)))::BIGINT - 1 AS browsing
    FROM known
),

-- The day's events are dealt to its visitors in turn until none is left.
dealt AS (
    SELECT
        day_number,
        events,
        session,
        customer,
        intended,
        browsing + ending AS wanted,
        (sum(wanted) OVER (PARTITION BY day_number ORDER BY session))::BIGINT - wanted AS given_before
    FROM decided
),

admitted AS (
    SELECT
        day_number,
        session,
        customer,
        given_before,
        least(wanted, events - given_before) AS length,
        if(length = wanted, intended, 'browse') AS outcome,
        -- Seconds from one event to the next, on average.
        20 + (220 * pow(chance(session, 'pace'), 2))::BIGINT AS pace
    FROM dealt
    WHERE given_before < events
)

SELECT
    session,
    first_event + given_before AS first_event,
    length,
    outcome,
    -- The last sessions of the plan begin early enough to end in it.
    least(
        opens + 3600 * hour + draw(session, 'second', 3600),
        epoch(getvariable('closes'))::BIGINT - length * pace - draw(session, 'last call', 3600)
    ) AS opens,
    pace,
    500000000 + customer * 48271 % 99999989 AS user_id,
    session_uuid(session) AS user_session,
    month,
    week,
    day_number,
    promoted,
    -- Half of the sessions are about the customer's favourite category.
    if(
        chance(session, 'is about favourite') < 0.5,
        draw(customer, 'favourite', 3000),
        draw(session, 'interest', 3000)
    ) AS interest
FROM admitted
JOIN calendar USING (day_number)
JOIN opening_hours
    ON calendar.is_weekend = opening_hours.is_weekend
    AND draw(session, 'hour', 1000) = position;
