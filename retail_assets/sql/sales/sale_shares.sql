-- Each sale split over its film's n categories: 1/n in whole cents, and what remains goes to the first.
WITH listed AS (
    SELECT *, from_json(categories, '["VARCHAR"]') AS names
    FROM sales
),

split AS (
    SELECT
        date,
        region,
        customer_id,
        payment_id,
        amount,
        len(names) AS parts,
        unnest(names) AS category,
        unnest(range(1, len(names) + 1)) AS position,
        sign(amount) * (trunc(abs(amount) * 100)::BIGINT // len(names)) AS cents
    FROM listed
)

SELECT
    date,
    category,
    region,
    customer_id,
    payment_id,
    amount < 0 AS is_refund,
    CASE
        WHEN position = 1 THEN amount - (parts - 1) * cents * 0.01::DECIMAL(3, 2)
        ELSE cents * 0.01::DECIMAL(3, 2)
    END AS share
FROM split;
