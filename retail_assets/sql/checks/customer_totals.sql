-- What customers are worth sums to all payments, to the cent.
WITH paid AS (SELECT count(*) AS payments, coalesce(sum(amount), 0) AS amount FROM joined_sales),

valued AS (
    SELECT coalesce(sum(payments), 0) AS payments, coalesce(sum(net_amount), 0) AS amount
    FROM staged_customer_value
)

SELECT
    (paid.payments, paid.amount) = (valued.payments, valued.amount) AS passed,
    format('{:d} payments of {}; customers sum to {:d} of {}', paid.payments, paid.amount::VARCHAR,
        valued.payments::BIGINT, valued.amount::VARCHAR) AS detail
FROM paid, valued;
