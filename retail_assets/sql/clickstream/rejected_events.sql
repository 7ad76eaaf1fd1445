-- Rows that a reject reason keeps out; excluded rows and duplicates are counted in the books only.
SELECT
    date,
    reason,
    date AS event_date,
    source_file,
    source_row,
    json_object(${received_pairs})::VARCHAR AS received
FROM judged_events
WHERE reason NOT IN ('excluded', 'duplicate')
ORDER BY date, source_file, source_row;
