-- Rows in = clean + excluded + duplicates + rejected, in the books and in what the books speak of.
WITH books AS (
    SELECT
        date,
        sum(rows) FILTER (WHERE reason = 'received') AS received,
        sum(rows) FILTER (WHERE reason <> 'received') AS accounted_for,
        sum(rows) FILTER (WHERE reason = 'clean') AS clean,
        coalesce(sum(rows) FILTER (WHERE reason NOT IN ('received', 'clean', 'excluded', 'duplicate')), 0) AS rejected
    FROM staged_event_books
    GROUP BY date
),

counted AS (
    SELECT
        asked.date,
        (SELECT count(*) FROM raw_events WHERE raw_events.date = asked.date) AS raw_rows,
        (SELECT count(*) FROM staged_clean_events AS clean WHERE clean.date = asked.date) AS clean_rows,
        (SELECT count(*) FROM staged_rejected_events AS rejected WHERE rejected.date = asked.date) AS rejected_rows
    FROM requested_partitions AS asked
)

SELECT
    counted.date,
    coalesce(
        books.received = counted.raw_rows
        AND books.received = books.accounted_for
        AND books.clean = counted.clean_rows
        AND books.rejected = counted.rejected_rows,
        false
    ) AS passed,
    format(
        '{:d} rows came in; the books account for {}, clean_events holds {:d} and rejected_events {:d}',
        counted.raw_rows, coalesce(books.accounted_for::VARCHAR, 'none'), counted.clean_rows, counted.rejected_rows
    ) AS detail
FROM counted
LEFT JOIN books USING (date);
