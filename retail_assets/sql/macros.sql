-- Small functions that contracts and queries share. Sessions define them before anything else runs.

-- Text without white space at its ends, ASCII or no-break, for columns of few different values. DuckDB calls a plain
-- function once per entry of a Parquet dictionary, but a CASE once per row.
CREATE MACRO trimmed_entry(received) AS
    trim(received, ' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(160));

-- The same for columns of many different values. Nearly all have no white space at their ends, and to compare the
-- bytes there costs a tenth of trimming.
CREATE MACRO trimmed(received) AS
    CASE
        WHEN received >= '!' AND NOT (
            suffix(received, ' ') OR suffix(received, chr(9)) OR suffix(received, chr(10)) OR suffix(received, chr(11))
            OR suffix(received, chr(12)) OR suffix(received, chr(13))
            OR suffix(received, chr(160)) OR prefix(received, chr(160))
        ) THEN received
        ELSE trimmed_entry(received)
    END;

-- Text without zero-width characters, for columns of few different values as well.
CREATE MACRO visible_entry(received) AS
    regexp_replace(received, '[\x{200B}-\x{200D}\x{2060}\x{FEFF}]', '', 'g');

-- Control characters, NUL included, have no place in a text field. Tabs and line ends have: quoted fields hold them.
CREATE MACRO has_control_characters(received) AS
    regexp_matches(received, '[\x{00}-\x{08}\x{0B}\x{0C}\x{0E}-\x{1F}\x{7F}-\x{9F}]');
CREATE MACRO printable(received) AS
    regexp_replace(received, '[\x{00}-\x{08}\x{0B}\x{0C}\x{0E}-\x{1F}\x{7F}-\x{9F}]', '', 'g');

-- A price with the contract's four decimals; NULL for what is no plain finite number. DuckDB's cast alone would
-- read 1_234 as 1234.
CREATE MACRO decimal_price(received) AS
    CASE
        WHEN contains(received, '_') THEN NULL
        ELSE coalesce(try_cast(received AS DECIMAL(18, 4)), try_cast(trimmed_entry(received) AS DECIMAL(18, 4)))
    END;

-- Whether a price brings more decimals than the contract keeps. The wide cast is slow: only long fractions and
-- powers of ten, such as 12e-5, meet it.
CREATE MACRO is_rounded_price(received) AS
    CASE
        WHEN (strpos(received, '.') = 0 OR strlen(received) - strpos(received, '.') <= 4)
            AND NOT contains(received, 'e') AND NOT contains(received, 'E') THEN false
        ELSE decimal_price(received) <> try_cast(trimmed(received) AS DECIMAL(38, 18))
    END;

-- Whether text that is not NULL identifies nothing.
-- A CASE, since DuckDB evaluates both sides of an AND for every row.
CREATE MACRO is_no_identifier(received) AS
    CASE WHEN strlen(received) IN (0, 4) THEN lower(received) IN ('', 'null') ELSE false END;

-- Whether a spreadsheet, or a floating-point type, has rounded an identifier to 2.10381E+18.
CREATE MACRO rounded_identifier(received) AS
    CASE
        WHEN contains(received, '+') OR contains(received, '.')
            THEN regexp_full_match(trimmed(received), '[0-9]([.,][0-9]+)?[eE]\+[0-9]+|[0-9][.,][0-9]+[eE][0-9]+')
        ELSE false
    END;

-- A binary floating-point number as the text that a CSV export of the identifier would hold. From `exact_below` on
-- the type has lost digits: such a one is shown in the form that rounded_identifier finds.
CREATE MACRO float_identifier(received, exact_below) AS
    CASE
        WHEN isnan(received) THEN NULL
        WHEN abs(received) < exact_below AND received = trunc(received) THEN received::BIGINT::VARCHAR
        WHEN abs(received) >= exact_below AND isfinite(received) THEN format('{:e}', received::DOUBLE)
        ELSE received::VARCHAR
    END;

-- A moment that carries its zone ('UTC', 'Z' or an offset) as a UTC timestamp. DuckDB's cast wants neither a space
-- before the zone nor, before a zone, a time without seconds.
CREATE MACRO zoned_moment(received) AS
    try_cast(
        regexp_replace(
            regexp_replace(received, ' ?(UTC|Z|[+-][0-9:]+)$', '\1'),
            '^(.{10}[T ]\d\d:\d\d)(UTC|Z|[+-])', '\1:00\2'
        ).replace('UTC', 'Z') AS TIMESTAMPTZ
    ) AT TIME ZONE 'UTC';

-- A moment without a zone as a UTC timestamp, by the source's declared zone.
CREATE MACRO local_moment(received) AS
    try_cast(received AS TIMESTAMP) AT TIME ZONE getvariable('source_timezone')::VARCHAR AT TIME ZONE 'UTC';

-- ISO 8601 in upper case: with 'UTC', 'Z' or an offset, or without a zone. Other zone names are ambiguous.
CREATE MACRO iso_8601_moment(received) AS
    CASE
        WHEN regexp_full_match(
            received, '\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)? ?(UTC|Z|[+-](0\d|1[0-4])(:?[0-5]\d)?)'
        ) THEN zoned_moment(received)
        WHEN regexp_full_match(received, '\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?') THEN local_moment(received)
    END;

-- The same, fast for what most sources write: '2019-10-01 00:00:00 UTC'.
CREATE MACRO iso_moment(received) AS
    coalesce(
        CASE WHEN strlen(received) = 23 THEN try_strptime(received, '%Y-%m-%d %H:%M:%S UTC') END,
        iso_8601_moment(upper(trimmed(received)))
    );

-- Whether a time carries no zone of its own.
CREATE MACRO is_naive_moment(received) AS
    NOT suffix(received, ' UTC') AND NOT regexp_matches(upper(trimmed(received)), '(UTC|Z|[+-]\d\d(:?\d\d)?)$');

-- Seconds since 1970 that a source counts in units of `per_second`, as a UTC timestamp.
CREATE MACRO epoch_moment(received, per_second) AS
    CASE WHEN regexp_full_match(trimmed(received), '-?\d{1,13}(\.\d+)?') THEN
        try(make_timestamp((try_cast(trimmed(received) AS DECIMAL(30, 6)) * 1000000 / per_second)::BIGINT))
    END;

-- A time in a declared strptime pattern. Sessions run in UTC, so the cast changes no clock reading: it only gives
-- patterns with and without a zone the same type. An offset in the pattern (%z) wins over the source's declared zone.
CREATE MACRO declared_clock(received) AS
    try_strptime(trimmed(received), getvariable('event_time_format')::VARCHAR)::TIMESTAMPTZ AT TIME ZONE 'UTC';
CREATE MACRO declared_moment(received) AS
    CASE
        WHEN regexp_matches(getvariable('event_time_format')::VARCHAR, '%[zZ]') THEN declared_clock(received)
        ELSE declared_clock(received) AT TIME ZONE getvariable('source_timezone')::VARCHAR AT TIME ZONE 'UTC'
    END;

-- The time of an event in the source's declared format: ISO 8601 unless the settings declare another.
CREATE MACRO event_moment(received) AS
    CASE getvariable('event_time_format')::VARCHAR
        WHEN 'iso' THEN iso_moment(received)
        WHEN 'epoch_seconds' THEN epoch_moment(received, 1)
        WHEN 'epoch_milliseconds' THEN epoch_moment(received, 1000)
        ELSE declared_moment(received)
    END;

-- The same for a text that the landing has judged before: of those that look like '2019-10-01 00:00:00 UTC', it let
-- none pass that DuckDB's cast, three times as fast, would read otherwise.
CREATE MACRO judged_moment(received) AS
    coalesce(
        CASE
            WHEN getvariable('event_time_format')::VARCHAR = 'iso' AND strlen(received) = 23
                AND suffix(received, ' UTC') AND received BETWEEN '0' AND ':' THEN try_cast(received AS TIMESTAMP)
        END,
        event_moment(received)
    );
