-- No more than the set share of a day's rows may be rejected: beyond it the source is broken, not a few rows.
WITH books AS (
    SELECT
        date,
        reason,
        rows,
        reason NOT IN ('received', 'clean', 'excluded', 'duplicate') AS is_rejected
    FROM staged_event_books
),

shares AS (
    SELECT
        date,
        sum(rows) FILTER (WHERE reason = 'received') AS received,
        coalesce(sum(rows) FILTER (WHERE is_rejected), 0) AS rejected,
        string_agg(reason || ' ' || rows, ', ' ORDER BY rows DESC, reason) FILTER (WHERE is_rejected) AS reasons
    FROM books
    GROUP BY date
)

SELECT
    date,
    rejected <= getvariable('max_rejected_share') * received AS passed,
    CASE WHEN rejected > 0 THEN
        CASE WHEN rejected <= getvariable('max_rejected_share') * received THEN '' ELSE 'too_many_rejected: ' END
        || format('{:.1f} % of {:d} rows rejected: {}', 100 * rejected / received, received::BIGINT, reasons)
    END AS detail
FROM shares;
