-- Rows that a reject reason keeps out; excluded rows and duplicates are counted in the books only.
SELECT
    date,
    reason,
    date AS event_date,
    source_file,
    source_row,
    received
FROM judged_events
WHERE reason <> 'excluded';
