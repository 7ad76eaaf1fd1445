-- Every table has the rows, and payments the sum, that the database counted in the same snapshot.
WITH staged AS (
    SELECT 'actor' AS table_name, count(*) AS rows FROM staged_raw_actor
    UNION ALL SELECT 'address', count(*) FROM staged_raw_address
    UNION ALL SELECT 'category', count(*) FROM staged_raw_category
    UNION ALL SELECT 'city', count(*) FROM staged_raw_city
    UNION ALL SELECT 'country', count(*) FROM staged_raw_country
    UNION ALL SELECT 'customer', count(*) FROM staged_raw_customer
    UNION ALL SELECT 'film', count(*) FROM staged_raw_film
    UNION ALL SELECT 'film_actor', count(*) FROM staged_raw_film_actor
    UNION ALL SELECT 'film_category', count(*) FROM staged_raw_film_category
    UNION ALL SELECT 'inventory', count(*) FROM staged_raw_inventory
    UNION ALL SELECT 'language', count(*) FROM staged_raw_language
    UNION ALL SELECT 'payment', count(*) FROM staged_raw_payment
    UNION ALL SELECT 'rental', count(*) FROM staged_raw_rental
    UNION ALL SELECT 'staff', count(*) FROM staged_raw_staff
    UNION ALL SELECT 'store', count(*) FROM staged_raw_store
),

wrong AS (
    SELECT format('{}: {:d} rows instead of {:d}', table_name, staged.rows, source.rows) AS detail
    FROM source_totals AS source
    FULL JOIN staged USING (table_name)
    WHERE staged.rows IS DISTINCT FROM source.rows

    UNION ALL

    SELECT format('payment: amounts sum to {} instead of {}', paid.amount::VARCHAR, source.amount::VARCHAR)
    FROM source_totals AS source
    CROSS JOIN (SELECT coalesce(sum(amount), 0) AS amount FROM staged_raw_payment) AS paid
    WHERE source.table_name = 'payment' AND source.amount <> paid.amount
)

SELECT count(*) = 0 AS passed, string_agg(detail, '; ' ORDER BY detail) AS detail
FROM wrong;
