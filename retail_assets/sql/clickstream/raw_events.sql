-- The received rows of a date, from every file that brings some: files by name, rows in their order.
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
    user_session,
    extra_columns,
    source_file,
    source_row
FROM landed_events
ORDER BY date, source_file, source_row;
