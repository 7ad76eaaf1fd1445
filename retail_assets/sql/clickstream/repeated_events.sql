-- The second and further occurrences of rows that are equal in all nine received values.
-- Only rows that share a fingerprint can be equal; whether they are is decided on the values themselves.
WITH suspects AS (
    SELECT fingerprint
    FROM judged_events
    WHERE reason IS NULL
    GROUP BY fingerprint
    HAVING count(*) > 1
),

suspected AS (
    SELECT source_file, source_row
    FROM judged_events
    SEMI JOIN suspects USING (fingerprint)
    WHERE reason IS NULL
),

numbered AS (
    SELECT
        received.date,
        received.source_file,
        received.source_row,
        row_number() OVER (
            PARTITION BY received.date, ${received_values}
            ORDER BY received.source_file, received.source_row
        ) AS occurrence
    FROM raw_events AS received
    SEMI JOIN suspected USING (source_file, source_row)
)

SELECT date, source_file, source_row
FROM numbered
WHERE occurrence > 1;
