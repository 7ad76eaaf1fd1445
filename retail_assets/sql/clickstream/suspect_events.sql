-- As received, the rows that must be looked at as a whole: rejected ones, and those that may repeat another.
WITH shared_fingerprints AS (
    SELECT fingerprint
    FROM judged_events
    WHERE reason IS NULL
    GROUP BY fingerprint
    HAVING count(*) > 1
),

suspects AS (
    SELECT date, source_file, source_row, reason
    FROM judged_events
    WHERE reason <> 'excluded'

    UNION ALL

    SELECT date, source_file, source_row, reason
    FROM judged_events
    SEMI JOIN shared_fingerprints USING (fingerprint)
    WHERE reason IS NULL
)

SELECT
    suspects.date,
    suspects.source_file,
    suspects.source_row,
    suspects.reason,
    ${received_values}
FROM raw_events AS received
INNER JOIN suspects
    ON received.date = suspects.date
    AND received.source_row = suspects.source_row
    AND received.source_file = suspects.source_file;
