-- Rows with nothing against them, typed by the contract's transformLogic, in the order in which they were received.
SELECT
    received.date,
    ${column_expressions}
FROM raw_events AS received
ANTI JOIN withheld_events AS withheld
    ON withheld.date = received.date
    AND withheld.source_row = received.source_row
    AND withheld.source_file = received.source_file;
