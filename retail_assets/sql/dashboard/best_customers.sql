-- The customers who have brought most.
SELECT
    customer_id,
    region,
    favourite_category,
    payments,
    net_amount::DOUBLE AS net,
    first_payment_at,
    last_payment_at
FROM customer_value
WHERE payments > 0
ORDER BY net_amount DESC, customer_id
LIMIT $limit;
