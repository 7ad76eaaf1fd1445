-- When sessions begin: a dial of 1,000 positions for working days and one for weekends (UTC; the evening is busiest).
CREATE TABLE opening_hours AS
WITH
profile AS (
    SELECT
        is_weekend,
        unnest(range(24)) AS hour,
        unnest(weights) AS weight
    FROM (
        VALUES
            (false, [7, 8, 17, 29, 40, 48, 53, 55, 56, 56, 55, 55, 55, 57, 63, 70, 75, 71, 58, 40, 25, 15, 9, 7]),
            (true, [8, 8, 14, 24, 36, 47, 55, 59, 60, 59, 58, 57, 57, 58, 61, 65, 68, 66, 57, 43, 29, 18, 11, 8])
    ) AS profiles (is_weekend, weights)
),

sectors AS (
    SELECT
        *,
        sum(weight) OVER (PARTITION BY is_weekend ORDER BY hour) AS reach,
        sum(weight) OVER (PARTITION BY is_weekend) AS total
    FROM profile
)

SELECT
    is_weekend,
    hour,
    unnest(range((1000 * (reach - weight) // total)::BIGINT, (1000 * reach // total)::BIGINT)) AS position
FROM sectors;

-- How sessions end, counted from the last event. item: which of the session's products it is about (NULL: any).
CREATE TYPE EVENT_TYPE AS ENUM ('view', 'cart', 'purchase');

CREATE TYPE OUTCOME AS ENUM ('browse', 'abandoned', 'order', 'one click', 'basket');

CREATE TABLE funnel AS
WITH
endings (outcome, steps_left, event_type, item) AS (
    VALUES
        ('abandoned', 1, 'view', 0),
        ('abandoned', 0, 'cart', 0),
        ('order', 2, 'view', 0),
        ('order', 1, 'cart', 0),
        ('order', 0, 'purchase', 0),
        ('one click', 1, 'view', 0),
        ('one click', 0, 'purchase', 0),
        ('basket', 5, 'view', 0),
        ('basket', 4, 'cart', 0),
        ('basket', 3, 'view', 1),
        ('basket', 2, 'cart', 1),
        ('basket', 1, 'purchase', 0),
        ('basket', 0, 'purchase', 1)
),

-- Every outcome at every distance from the end; 7 stands for all that is further away.
stages AS (
    SELECT outcome, steps_left
    FROM unnest(enum_range(NULL::OUTCOME)) AS outcomes (outcome), range(8) AS distances (steps_left)
)

SELECT
    -- One dense integer for both: DuckDB joins fastest by it.
    (8 * enum_code(outcome::OUTCOME) + steps_left)::INTEGER AS stage,
    coalesce(event_type, 'view')::EVENT_TYPE AS event_type,
    item
FROM stages
LEFT JOIN endings USING (outcome, steps_left);
