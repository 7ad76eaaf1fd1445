-- Some rows that were rejected for a reason in a period, as they were received.
SELECT
    source_file,
    source_row,
    coalesce(date, event_date) AS date,
    received
FROM rejected_events
WHERE reason = $reason AND (coalesce(date, event_date) IS NULL OR coalesce(date, event_date) BETWEEN $first AND $last)
ORDER BY source_file, source_row
LIMIT $limit
