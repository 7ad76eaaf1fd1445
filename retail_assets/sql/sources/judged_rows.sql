-- The rows of one file of a declared source, typed as its contract says, each with the reason that rejects it, if any.
WITH received_rows AS (
    SELECT ${received}, source_row, _damage, _line FROM (${rows})
),
typed AS (
    SELECT received, source_row, _damage, _line, ${source_file} AS source_file${casts}
    FROM received_rows AS received
),
derived AS (
    SELECT *${expressions} FROM typed
),
judged AS (
    SELECT *, ${first_reason} AS _reason FROM derived
)
SELECT
    ${columns},
    _reason,
    CASE WHEN _reason IS NOT NULL THEN coalesce(_line, json_object(${texts})::VARCHAR) END AS _received
FROM judged
