-- How the text of a source becomes a typed value: NULL for what does not say it plainly. DuckDB's own casts would round
-- 1.5 to a whole number and 1.239 to two decimals, read 1_000 as a number, and drop the time of a date and the offset of
-- a time.
CREATE MACRO filled(received) AS CASE WHEN trimmed(received) <> '' THEN received END;

CREATE MACRO whole_number(received) AS
    CASE WHEN regexp_full_match(trimmed(received), '[+-]?\d+(\.0*)?') THEN regexp_replace(trimmed(received), '\.0*$', '') END;

CREATE MACRO plain_number(received) AS
    CASE WHEN regexp_full_match(trimmed(received), '[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?') THEN trimmed(received) END;

CREATE MACRO truth_value(received) AS
    CASE
        WHEN lower(trimmed(received)) IN ('true', 't', 'yes', 'y', '1') THEN true
        WHEN lower(trimmed(received)) IN ('false', 'f', 'no', 'n', '0') THEN false
    END;

-- A date may come with midnight, as exports of databases write it.
CREATE MACRO plain_date(received) AS
    CASE
        WHEN regexp_full_match(trimmed(received), '\d{4}-\d\d-\d\d([T ]00:00(:00(\.0+)?)?)?')
            THEN try_cast(trimmed(received)[:10] AS DATE)
    END;

CREATE MACRO plain_moment(received) AS iso_8601_moment(upper(trimmed(received)));
