-- The rows that clean_events does not hold, and why: the excluded, the rejected, and as 'duplicate' the second and
-- further occurrences of rows that are equal in all nine received values.
WITH numbered AS (
    SELECT
        received.date,
        received.source_file,
        received.source_row,
        row_number() OVER (
            PARTITION BY received.date, ${received_values}
            ORDER BY received.source_file, received.source_row
        ) AS occurrence
    FROM suspect_events AS received
    WHERE received.reason IS NULL
)

SELECT date, source_file, source_row, reason
FROM judged_events
WHERE reason IS NOT NULL

UNION ALL

SELECT date, source_file, source_row, 'duplicate' AS reason
FROM numbered
WHERE occurrence > 1;
