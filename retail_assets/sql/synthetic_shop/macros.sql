-- Every random number is a function of the seed, a salt that names its use, and a row's own number:
-- never of the order in which rows are computed, so threads and batches cannot change the result.
-- DuckDB's hash of one 64-bit integer is a bijection (shifts and odd multiplications): distinct rows, distinct hashes.

CREATE MACRO dice(number, salt) AS
    hash(xor(hash(salt || getvariable('seed')), number::UBIGINT));

-- A number in [0, 1).
CREATE MACRO chance(number, salt) AS
    (dice(number, salt) >> 11) / 9007199254740992.0;

-- A whole number in [0, sides).
CREATE MACRO draw(number, salt, sides) AS
    ((dice(number, salt) >> 11) % sides::UBIGINT)::BIGINT;

-- One of a list.
CREATE MACRO pick(options, number, salt) AS
    options[1 + draw(number, salt, len(options))];

-- A standard normal number (Box and Muller).
CREATE MACRO normal(number, salt) AS
    sqrt(-2 * ln(1 - chance(number, salt || ' radius'))) * cos(2 * pi() * chance(number, salt || ' angle'));

-- A rank in [0, ranks), rank r about as frequent as 1 / (r + 2.5): Zipf's law with Mandelbrot's blunter head.
-- The span of the ranks is worked out once, since every event draws twice.
CREATE MACRO zipf_span(ranks) AS
    ln((ranks + 2) / 2);

CREATE MACRO zipf(ranks, span, uniform) AS
    least(ranks - 1, floor(2 * exp(span * uniform) - 2)::BIGINT);

-- A random UUID of version 4. All 64 bits of the first dice are in it: distinct numbers, distinct UUIDs.
CREATE MACRO uuid_of_dice(first, second) AS
    lpad(
        to_hex(
            (first - first % 65536 + 16384 + first // 16 % 4096)::UHUGEINT * 18446744073709551616::UHUGEINT
            + 9223372036854775808::UBIGINT + first % 16 * 288230376151711744::UBIGINT + second // 64
        ),
        32,
        '0'
    )::UUID;

CREATE MACRO session_uuid(number) AS
    uuid_of_dice(dice(number, 'uuid begins'), dice(number, 'uuid ends'));

-- A value as a defect's template writes it: {} the right value, {V} in capitals, {C} capitalised.
CREATE MACRO spoilt(template, value) AS
    CASE
        WHEN template IS NULL THEN value
        ELSE
            template
            .replace('{}', value)
            .replace('{V}', upper(value))
            .replace('{C}', upper(value[1]) || value[2:])
    END;

-- A column as written: the misprint if there is one. Nearly every row has none, and is spared the search.
CREATE MACRO written(misprint, place, value) AS
    CASE WHEN misprint IS NULL THEN value ELSE coalesce(misprint[place], value) END;

-- Whether a slot's product is on offer that week; the share of such products is the day's.
CREATE MACRO is_promoted(slot, week, share) AS
    chance(slot * 8192 + week, 'offer') < share;
