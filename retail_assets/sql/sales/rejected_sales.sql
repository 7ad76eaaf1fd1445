-- Payments that no day can hold, and rentals that end before they begin.
SELECT
    'payment' AS source_table,
    payment_id AS source_key,
    reason,
    amount,
    to_json({payment_id: payment_id, customer_id: customer_id, staff_id: staff_id, rental_id: rental_id,
        amount: amount, payment_date: payment_date})::VARCHAR AS received
FROM judged_payments
WHERE reason IS NOT NULL

UNION ALL

SELECT
    'rental' AS source_table,
    rental_id AS source_key,
    'return_before_rental' AS reason,
    NULL AS amount,
    to_json({rental_id: rental_id, rental_date: rental_date, inventory_id: inventory_id, customer_id: customer_id,
        return_date: return_date, staff_id: staff_id})::VARCHAR AS received
FROM raw_rental
WHERE return_date < rental_date
ORDER BY source_table, source_key;
