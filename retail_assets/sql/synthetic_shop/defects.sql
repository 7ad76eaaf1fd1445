-- What may be wrong with a row, what cleaning must call it, and how the row is written instead.
-- In a template {} stands for the right value, {V} for it in capitals, {C} for it capitalised.
CREATE TABLE defects AS
WITH
rejected (reason, weight, spoils) AS (
    VALUES
        ('bad_event_time', 1, MAP {'event_time': ''}),
        ('bad_event_time', 1, MAP {'event_time': 'yesterday'}),
        ('bad_event_time', 1, MAP {'event_time': '2019-02-30 10:00:00 UTC'}),
        ('bad_event_time', 1, MAP {'event_time': '2019-10-01 25:61:00 UTC'}),
        ('bad_event_time', 1, MAP {'event_time': '0000-00-00 00:00:00 UTC'}),
        ('bad_event_time', 1, MAP {'event_time': '1569888000'}),
        ('bad_event_time', 1, MAP {'event_time': '1569888000000'}),
        ('unknown_event_type', 2, MAP {'event_type': 'click'}),
        ('unknown_event_type', 1, MAP {'event_type': 'add_to_wishlist'}),
        ('unknown_event_type', 1, MAP {'event_type': '{}ed'}),
        ('unknown_event_type', 1, MAP {'event_type': ''}),
        ('missing_product_id', 2, MAP {'product_id': ''}),
        ('missing_product_id', 1, MAP {'product_id': '  '}),
        ('missing_product_id', 1, MAP {'product_id': 'null'}),
        ('missing_user_id', 2, MAP {'user_id': ''}),
        ('missing_user_id', 1, MAP {'user_id': '  '}),
        ('missing_user_id', 1, MAP {'user_id': 'null'}),
        ('bad_identifier', 1, MAP {'product_id': '1.00486E+06'}),
        ('bad_identifier', 1, MAP {'user_id': '5.41312E+08'}),
        ('bad_identifier', 1, MAP {'category_id': '2.10381E+18'}),
        ('invalid_price', 2, MAP {'price': '0.00'}),
        ('invalid_price', 1, MAP {'price': '0'}),
        ('invalid_price', 1, MAP {'price': '-{}'}),
        ('invalid_price', 1, MAP {'price': ''}),
        ('invalid_price', 1, MAP {'price': 'NaN'}),
        ('invalid_price', 1, MAP {'price': 'Infinity'}),
        ('invalid_price', 1, MAP {'price': '1.234,56'}),
        ('invalid_price', 1, MAP {'price': '€9'}),
        -- Two faults in one row: the first reason in the contract's order counts.
        ('bad_event_time', 1, MAP {'event_time': 'null', 'price': '0'}),
        ('unknown_event_type', 1, MAP {'event_type': 'click', 'product_id': ''}),
        ('missing_product_id', 1, MAP {'product_id': '', 'user_id': ''}),
        ('missing_user_id', 1, MAP {'user_id': '', 'category_id': '2.10381E+18'}),
        ('bad_identifier', 1, MAP {'product_id': '1.00486E+06', 'price': '0'}),
        -- Known, but outside view, cart and purchase, whatever the other columns hold.
        ('excluded', 20, MAP {'event_type': 'remove_from_cart'}),
        ('excluded', 1, MAP {'event_type': 'remove_from_cart', 'price': ''}),
        ('excluded', 1, MAP {'event_type': 'remove_from_cart', 'product_id': ''})
),

-- A clock that is wrong by a century, or was never set.
misdated (reason, weight, days_off, booked_on, spoils) AS (
    VALUES
        ('future_event', 2, 36525, NULL, MAP {}),
        ('future_event', 1, 36525, NULL, MAP {'event_type': 'click'}),
        ('too_old', 1, -36525, NULL, MAP {}),
        ('too_old', 1, 0, DATE '1970-01-01', MAP {'event_time': '1970-01-01 00:00:00 UTC'})
),

-- Delivered once more, or twice more.
repeated (reason, weight, repeats) AS (
    VALUES
        ('duplicate', 20, 1),
        ('duplicate', 5, 2)
),

-- Odd, but good: cleaning must keep these rows.
harmless (oddity, weight, hours_off, spoils) AS (
    VALUES
        ('event_type_spelling', 6, 0, MAP {'event_type': '{C}'}),
        ('event_type_spelling', 3, 0, MAP {'event_type': ' {}'}),
        ('event_type_spelling', 3, 0, MAP {'event_type': '{V} '}),
        ('brand_spelling', 6, 0, MAP {'brand': '{C}'}),
        ('brand_spelling', 3, 0, MAP {'brand': '{V} '}),
        ('brand_spelling', 3, 0, MAP {'brand': '{}' || chr(8203)}),
        ('category_spelling', 3, 0, MAP {'category_code': ' {C}'}),
        ('padded_price', 6, 0, MAP {'price': ' {} '}),
        ('time_offset', 3, 0, MAP {'event_time': '{}Z'}),
        ('time_offset', 3, 0, MAP {'event_time': '{}+00:00'}),
        ('time_offset', 3, 3, MAP {'event_time': '{}+03:00'})
),

listed AS (
    -- Defect 0 is none.
    SELECT 0 AS weight
    UNION ALL BY NAME
    SELECT * FROM rejected
    UNION ALL BY NAME
    SELECT * FROM misdated
    UNION ALL BY NAME
    SELECT * FROM repeated
    UNION ALL BY NAME
    SELECT * FROM harmless
)

SELECT
    (row_number() OVER by_all_that_differs - 1)::UTINYINT AS defect,
    reason,
    oddity,
    weight,
    coalesce(repeats, 0) AS repeats,
    coalesce(days_off, 0) AS days_off,
    coalesce(hours_off, 0) AS hours_off,
    booked_on,
    [
        spoils['event_time'],
        spoils['event_type'],
        spoils['product_id'],
        spoils['category_id'],
        spoils['category_code'],
        spoils['brand'],
        spoils['price'],
        spoils['user_id']
    ] AS templates
FROM listed
WINDOW by_all_that_differs AS (ORDER BY weight > 0, reason, oddity, days_off, repeats, spoils::VARCHAR);

-- How many rows get which defect: bad_share of all rows are rejected or repeated, shared out by weight; the
-- excluded and the harmless ones come on top at the same rate. None is missing from 1,000 rows on.
CREATE TABLE quotas AS
WITH
rates AS (
    SELECT
        defect,
        greatest(repeats, 1) AS rows_each,
        getvariable('bad_share') * getvariable('rows') * weight
        / sum(weight) FILTER (WHERE reason <> 'excluded') OVER () AS rows_wanted
    FROM defects
    WHERE defect > 0
)

SELECT
    defect,
    greatest(
        round(rows_wanted / rows_each),
        if(getvariable('rows') >= 1000 AND getvariable('bad_share') > 0, 1, 0)
    )::BIGINT AS events
FROM rates;
