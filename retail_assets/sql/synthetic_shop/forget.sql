-- Drops the events that are written.
CREATE OR REPLACE TABLE events AS
FROM events WHERE event_time >= getvariable('written_until')
