-- Every good payment with what the other tables know of it. What a join does not find is 'unknown'.
WITH customers AS (
    SELECT customer.customer_id, city.city, country.country
    FROM raw_customer AS customer
    LEFT JOIN raw_address AS address USING (address_id)
    LEFT JOIN raw_city AS city USING (city_id)
    LEFT JOIN raw_country AS country USING (country_id)
),

categories AS (
    SELECT film_category.film_id, list(DISTINCT category.name ORDER BY category.name) AS names
    FROM raw_film_category AS film_category
    JOIN raw_category AS category USING (category_id)
    WHERE category.name <> ''
    GROUP BY film_category.film_id
),

-- A rental whose dates contradict each other is rejected with them, but not what was paid for it.
rentals AS (
    SELECT
        rental.rental_id,
        CASE WHEN return_date < rental_date THEN NULL ELSE rental_date END AS rental_date,
        CASE WHEN return_date < rental_date THEN NULL ELSE return_date END AS return_date,
        inventory.film_id,
        inventory.store_id
    FROM raw_rental AS rental
    LEFT JOIN raw_inventory AS inventory USING (inventory_id)
)

SELECT
    payment.date,
    payment.payment_id,
    payment.payment_date AS paid_at,
    payment.amount,
    coalesce(payment.customer_id, 'unknown') AS customer_id,
    coalesce(nullif(customers.city, ''), 'unknown') AS customer_city,
    coalesce(nullif(customers.country, ''), 'unknown') AS region,
    coalesce(rentals.store_id, staff.store_id, 'unknown') AS store_id,
    coalesce(payment.staff_id, 'unknown') AS staff_id,
    coalesce(payment.rental_id, 'unknown') AS rental_id,
    rentals.rental_date,
    rentals.return_date,
    coalesce(film.film_id, 'unknown') AS film_id,
    coalesce(film.title, 'unknown') AS title,
    to_json(coalesce(categories.names, ['unknown']))::VARCHAR AS categories
FROM judged_payments AS payment
LEFT JOIN customers USING (customer_id)
LEFT JOIN rentals USING (rental_id)
LEFT JOIN raw_staff AS staff USING (staff_id)
LEFT JOIN raw_film AS film ON film.film_id = rentals.film_id
LEFT JOIN categories ON categories.film_id = film.film_id
WHERE payment.reason IS NULL
ORDER BY payment.date, payment.payment_id;
