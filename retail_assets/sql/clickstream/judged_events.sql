-- Every received row, typed by the contract, with the first reason against it; NULL means clean.
-- Typing comes from the contract's transformLogic, the reasons from its excludedReasons and rejectReasons.
WITH typed AS (
    SELECT
        received.date,
        ${column_expressions},
        received.source_file,
        received.source_row,
        {${received_struct}} AS received
    FROM raw_events AS received
),

judged AS (
    SELECT
        *,
        ${first_reason} AS reason
    FROM typed
),

-- Only rows that share a fingerprint can be duplicates; whether they are is decided on all nine received values.
fingerprinted AS (
    SELECT
        *,
        hash(${received_values}) AS fingerprint
    FROM judged
),

suspects AS (
    SELECT date, fingerprint
    FROM fingerprinted
    WHERE reason IS NULL
    GROUP BY date, fingerprint
    HAVING count(*) > 1
),

repeated AS (
    SELECT
        source_file,
        source_row,
        row_number() OVER (
            PARTITION BY date, ${received_values}
            ORDER BY source_file, source_row
        ) AS occurrence
    FROM fingerprinted
    SEMI JOIN suspects USING (date, fingerprint)
    WHERE reason IS NULL
)

SELECT
    fingerprinted.* EXCLUDE (fingerprint, reason, received),
    CASE WHEN reason IS NOT NULL THEN received END AS received,
    CASE WHEN repeated.occurrence > 1 THEN 'duplicate' ELSE reason END AS reason
FROM fingerprinted
LEFT JOIN repeated USING (source_file, source_row);
