-- Small functions that contracts and queries share. Sessions define them before anything else runs.

-- Text without white space at its ends: ASCII white space and the no-break space. Nearly all text is ASCII that
-- neither starts nor ends with a space or control character, and seeing that costs a fifth of trimming it.
CREATE MACRO trimmed(received) AS
    CASE
        WHEN ascii(received) > 32 AND ascii(received[-1]) > 32 AND length(received) = strlen(received) THEN received
        ELSE trim(received, ' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(160))
    END;

-- Text without zero-width characters. Plain ASCII, where characters and bytes are equally many, needs no look.
CREATE MACRO visible(received) AS
    CASE
        WHEN length(received) = strlen(received) THEN received
        ELSE regexp_replace(received, '[\x{200B}-\x{200D}\x{2060}\x{FEFF}]', '', 'g')
    END;

-- A price with the contract's four decimals; NULL for what is no plain finite number. DuckDB's cast alone would
-- read 1_234 as 1234.
CREATE MACRO decimal_price(received) AS
    CASE WHEN contains(received, '_') THEN NULL ELSE try_cast(trimmed(received) AS DECIMAL(18, 4)) END;

-- Whether a price brings more decimals than the contract keeps. The wide cast is slow: only long fractions meet it.
CREATE MACRO is_rounded_price(received) AS
    CASE
        WHEN strpos(received, '.') = 0 OR strlen(received) - strpos(received, '.') <= 4 THEN false
        ELSE try_cast(trimmed(received) AS DECIMAL(18, 4)) <> try_cast(trimmed(received) AS DECIMAL(38, 18))
    END;

-- Whether a spreadsheet has rounded an identifier to 2.10381E+18.
CREATE MACRO rounded_identifier(received) AS
    contains(received, '+') AND regexp_full_match(received, '[0-9](\.[0-9]+)?[eE]\+[0-9]+');

-- A moment as a UTC timestamp. Most sources write '2019-10-01 00:00:00 UTC', so that comes first; then the other
-- forms of ISO 8601 with 'UTC', 'Z', an offset or, in the source's declared zone, none. Other zone names are ambiguous.
CREATE MACRO iso_moment(received) AS
    CASE
        WHEN length(received) = 23 AND suffix(received, ' UTC') THEN try_cast(received[:19] AS TIMESTAMP)
        WHEN regexp_full_match(
            trimmed(received), '\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?( ?(UTC|Z)| ?[+-]\d\d(:?\d\d)?)'
        ) THEN try_cast(
            regexp_replace(replace(replace(trimmed(received), 'UTC', 'Z'), ' Z', 'Z'), ' ([+-])', '\1') AS TIMESTAMPTZ
        ) AT TIME ZONE 'UTC'
        WHEN regexp_full_match(trimmed(received), '\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?')
            THEN try_cast(trimmed(received) AS TIMESTAMP) AT TIME ZONE getvariable('source_timezone')::VARCHAR AT TIME ZONE 'UTC'
    END;

-- Whether a time carries no zone of its own.
CREATE MACRO is_naive_moment(received) AS
    NOT suffix(received, 'UTC') AND NOT regexp_matches(trimmed(received), '(UTC|Z|[+-]\d\d(:?\d\d)?)$');

-- The time of an event in the source's declared format: ISO 8601 unless the settings declare another.
CREATE MACRO event_moment(received) AS
    CASE getvariable('event_time_format')::VARCHAR
        WHEN 'iso' THEN iso_moment(received)
        WHEN 'epoch_seconds' THEN make_timestamp(try_cast(trimmed(received) AS BIGINT) * 1000000)
        WHEN 'epoch_milliseconds' THEN make_timestamp(try_cast(trimmed(received) AS BIGINT) * 1000)
        ELSE try_strptime(trimmed(received), getvariable('event_time_format')::VARCHAR)
            AT TIME ZONE getvariable('source_timezone')::VARCHAR AT TIME ZONE 'UTC'
    END;
