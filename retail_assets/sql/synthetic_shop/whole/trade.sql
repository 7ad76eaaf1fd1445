-- Rentals and what was paid for them: some customers come often; one rental in 25 is unpaid, one in 90 paid back.
CREATE TABLE rental AS
SELECT
    n AS rental_id,
    rented AS rental_date,
    1 + draw(n, 'copy', 4 * getvariable('films')) AS inventory_id,
    1 + least(draw(n, 'customer', getvariable('customers')), draw(n, 'other customer', getvariable('customers'))) AS customer_id,
    CASE WHEN n % 60 <> 0 THEN rented + to_days(1 + draw(n, 'days', 7)::INTEGER) END AS return_date,
    1 + n % 2 AS staff_id,
    rented AS last_update
FROM (
    SELECT
        range AS n,
        getvariable('first_day')::TIMESTAMP + to_days(draw(range, 'day', getvariable('days'))::INTEGER)
        + to_seconds(draw(range, 'second', 86300)) AS rented
    FROM range(1, getvariable('rentals') + 1)
);

CREATE TABLE payment AS
SELECT rental_id AS payment_id, customer_id, staff_id, rental_id, rental_rate::DECIMAL(5, 2) AS amount, rental_date AS payment_date
FROM rental JOIN inventory USING (inventory_id) JOIN film USING (film_id)
WHERE rental_id % 25 <> 0
UNION ALL
SELECT
    getvariable('rentals') + rental_id, customer_id, staff_id, rental_id, -rental_rate::DECIMAL(5, 2),
    rental_date + to_minutes(1)
FROM rental JOIN inventory USING (inventory_id) JOIN film USING (film_id)
WHERE rental_id % 90 = 1 AND rental_id % 25 <> 0
ORDER BY payment_id;
