-- Every received row, typed by the contract, with the first reason against it; NULL means none.
-- Typing comes from the contract's transformLogic, the reasons from its excludedReasons and rejectReasons.
-- Rows keep the order in which they were received. Equal rows have equal fingerprints.
WITH typed AS (
    SELECT
        received.date,
        ${column_expressions},
        received.source_file,
        received.source_row,
        hash(${received_values}) AS fingerprint,
        {${received_struct}} AS received
    FROM raw_events AS received
),

judged AS (
    SELECT
        *,
        ${first_reason} AS reason
    FROM typed
)

SELECT
    * EXCLUDE (received),
    CASE WHEN reason IS NOT NULL THEN to_json(received)::VARCHAR END AS received
FROM judged;
