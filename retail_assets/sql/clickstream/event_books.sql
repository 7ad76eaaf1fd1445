-- What became of the rows of each date. Every date has the lines received and clean, be they 0.
WITH received AS (
    SELECT date, count(*) AS rows
    FROM judged_events
    GROUP BY date
),

withheld AS (
    SELECT date, reason, count(*) AS rows
    FROM withheld_events
    GROUP BY date, reason
),

lines AS (
    SELECT date, unnest(['received', 'clean']) AS reason, rows FROM received
    UNION ALL
    SELECT date, reason, rows FROM withheld
    UNION ALL
    SELECT date, 'clean' AS reason, -rows AS rows FROM withheld
    UNION ALL
    SELECT date, unnest(['received', 'clean']) AS reason, 0 AS rows FROM requested_partitions
)

SELECT
    date,
    'cleaning' AS stage,
    reason,
    sum(rows) AS rows
FROM lines
GROUP BY date, reason
ORDER BY date, reason;
