-- Rows that a reject reason keeps out; excluded rows and duplicates are counted in the books only.
SELECT
    received.date,
    received.reason,
    received.date AS event_date,
    received.source_file,
    received.source_row,
    to_json({${received_struct}})::VARCHAR AS received
FROM suspect_events AS received
WHERE received.reason IS NOT NULL
ORDER BY received.date, received.source_file, received.source_row;
