-- Rows with nothing against them, in the order in which they were received.
SELECT
    date,
    event_time,
    event_type,
    product_id,
    category_id,
    category_code,
    brand,
    price,
    user_id,
    user_session
FROM judged_events
ANTI JOIN repeated_events USING (source_file, source_row)
WHERE reason IS NULL;
