-- The books of both stages: what came in, and what became of it. At landing a row is refused for its time alone.
WITH
staged AS (
    SELECT
        *,
        verdict IN ('bad_event_time', 'future_event', 'too_old') AS is_refused
    FROM verdicts
),

entries AS (
    SELECT date, 'landing' AS stage, 'received' AS reason, rows FROM staged
    UNION ALL
    SELECT date, 'landing', verdict, rows FROM staged WHERE is_refused
    UNION ALL
    SELECT date, 'cleaning', 'received', rows FROM staged WHERE NOT is_refused
    UNION ALL
    SELECT date, 'cleaning', verdict, rows FROM staged WHERE NOT is_refused
)

SELECT date, stage, reason, sum(rows)::BIGINT AS rows
FROM entries
GROUP BY ALL
ORDER BY date NULLS FIRST, stage DESC, reason;
