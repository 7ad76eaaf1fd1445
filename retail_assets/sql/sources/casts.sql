-- How the text of a source becomes a typed value: NULL for what does not say it plainly. DuckDB's own casts would round
-- 1.5 to a whole number and 1.239 to two decimals, read 1_000 as a number, and drop the time of a date and the offset of
-- a time. All but the first two take text without white space at its ends.
CREATE MACRO filled(received) AS CASE WHEN trimmed(received) <> '' THEN received END;

CREATE MACRO bare(received) AS nullif(trimmed(received), '');

CREATE MACRO whole_number(received) AS
    CASE WHEN regexp_full_match(received, '[+-]?\d+(\.0*)?') THEN regexp_replace(received, '\.0*$', '') END;

CREATE MACRO plain_number(received) AS
    CASE WHEN regexp_full_match(received, '[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?') THEN received END;

-- Whether a plain number may have more decimals than are kept.
CREATE MACRO may_be_finer(received, decimals) AS
    (strpos(received, '.') > 0 AND strlen(received) - strpos(received, '.') > decimals) OR contains(lower(received), 'e');

CREATE MACRO truth_value(received) AS
    CASE
        WHEN lower(received) IN ('true', 't', 'yes', 'y', '1') THEN true
        WHEN lower(received) IN ('false', 'f', 'no', 'n', '0') THEN false
    END;

-- A date may come with midnight, as exports of databases write it.
CREATE MACRO plain_date(received) AS
    CASE
        WHEN regexp_full_match(received, '\d{4}-\d\d-\d\d([T ]00:00(:00(\.0+)?)?)?') THEN try_cast(received[:10] AS DATE)
    END;

-- Fast for what most systems write: 2019-10-01T00:00:00Z.
CREATE MACRO plain_moment(received) AS
    coalesce(
        CASE WHEN strlen(received) = 20 THEN try_strptime(received, '%Y-%m-%dT%H:%M:%SZ') END,
        iso_8601_moment(upper(received))
    );
