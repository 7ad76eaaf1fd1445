-- The same shop as other systems would tell of it: what they export becomes files.
CREATE MACRO in_utc(moment) AS strftime(moment, '%Y-%m-%dT%H:%M:%SZ');

CREATE VIEW customers AS
SELECT customer_id, first_name, last_name, email, address.address AS street, postal_code, city, country,
    create_date AS registered_on, active
FROM customer
JOIN address USING (address_id)
JOIN city USING (city_id)
JOIN country USING (country_id)
ORDER BY customer_id;

CREATE VIEW catalogue AS
SELECT film_id AS product_id, title, min_by(name, category_id) AS category, rental_rate AS price, release_year AS released
FROM film
JOIN film_category USING (film_id)
JOIN category USING (category_id)
GROUP BY ALL
ORDER BY product_id;

CREATE VIEW transactions AS
SELECT payment_id AS transaction_id, payment.customer_id, film_id AS product_id, in_utc(payment_date) AS paid_at, amount,
    CASE WHEN amount < 0 THEN 'refund' ELSE 'payment' END AS kind, payment_date::DATE AS day
FROM payment
JOIN rental USING (rental_id)
JOIN inventory USING (inventory_id)
ORDER BY transaction_id;

-- A payment is shipped within two days, and arrives within a week of that; one in 50 is under way still.
CREATE VIEW shipping AS
SELECT
    'S' || lpad(payment_id::VARCHAR, 9, '0') AS shipment_id,
    payment_id AS transaction_id,
    pick(['DHL', 'DPD', 'GLS', 'UPS'], payment_id, 'carrier') AS carrier,
    in_utc(shipped) AS shipped_at,
    CASE WHEN payment_id % 50 <> 0 THEN in_utc(shipped + to_hours(12 + draw(payment_id, 'way', 156))) END AS delivered_at,
    struct_pack(street := address.address, postal_code := postal_code, city := city, country := country) AS address,
    shipped::DATE AS day
FROM (SELECT *, payment_date + to_minutes(30 + draw(payment_id, 'packing', 2800)) AS shipped FROM payment WHERE amount > 0)
JOIN customer USING (customer_id)
JOIN address USING (address_id)
JOIN city USING (city_id)
JOIN country USING (country_id)
ORDER BY payment_id;

-- What customers did on the site before they rented, and visits that led to nothing.
CREATE VIEW user_activity AS
SELECT
    'A' || lpad((rental_id * 4 + turn)::VARCHAR, 11, '0') AS activity_id,
    customer_id,
    film_id AS product_id,
    in_utc(rental_date - to_minutes(20 - 5 * turn)) AS happened_at,
    pick(['search', 'view', 'view', 'wish'], rental_id * 4 + turn, 'action') AS action,
    pick(['phone', 'desktop', 'tablet'], customer_id, 'device') AS device,
    (rental_date - to_minutes(20 - 5 * turn))::DATE AS day
FROM rental
JOIN inventory USING (inventory_id)
CROSS JOIN (SELECT unnest([0, 1, 2, 3]) AS turn)
WHERE turn <= draw(rental_id, 'steps', 4)
ORDER BY activity_id;
