-- What became of the rows of each date. Every date has the lines received and clean, be they 0.
WITH outcomes AS (
    SELECT date, 'received' AS reason, count(*) AS rows
    FROM judged_events
    GROUP BY date

    UNION ALL

    SELECT date, coalesce(reason, 'clean') AS reason, count(*) AS rows
    FROM judged_events
    GROUP BY date, reason
),

always AS (
    SELECT date, reason, 0 AS rows
    FROM requested_partitions
    CROSS JOIN (VALUES ('received'), ('clean')) AS lines (reason)
)

SELECT
    date,
    'cleaning' AS stage,
    reason,
    sum(rows) AS rows
FROM (SELECT * FROM outcomes UNION ALL SELECT * FROM always)
GROUP BY date, reason
ORDER BY date, reason;
