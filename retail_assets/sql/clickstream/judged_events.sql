-- Every received row with the first reason against it, NULL where there is none, and nothing else of it: the values
-- are read again where they are written. Typing comes from the contract's transformLogic, the reasons from its
-- excludedReasons and rejectReasons. Equal rows have equal fingerprints; of other rows hardly any have, though only
-- three of the values make them.
WITH typed AS (
    SELECT
        received.date,
        ${column_expressions},
        received.source_file,
        received.source_row,
        hash(received.event_time, received.product_id, received.user_id) AS fingerprint
    FROM raw_events AS received
)

SELECT
    date,
    source_file,
    source_row,
    fingerprint,
    ${first_reason} AS reason
FROM typed;
