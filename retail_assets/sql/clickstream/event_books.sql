-- What became of the rows of each date. Every date has the lines received and clean, be they 0.
WITH judged AS (
    SELECT date, reason, count(*) AS rows
    FROM judged_events
    GROUP BY date, reason
),

repeated AS (
    SELECT date, count(*) AS rows
    FROM repeated_events
    GROUP BY date
),

lines AS (
    SELECT date, 'received' AS reason, rows FROM judged
    UNION ALL
    SELECT date, coalesce(reason, 'clean') AS reason, rows FROM judged
    UNION ALL
    SELECT date, 'clean' AS reason, -rows AS rows FROM repeated
    UNION ALL
    SELECT date, 'duplicate' AS reason, rows FROM repeated
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
