-- Every payment with its UTC date, and the first reason why no day of sales can hold it.
WITH dated AS (
    SELECT
        *,
        CASE WHEN isfinite(payment_date) THEN payment_date::DATE END AS date
    FROM raw_payment
)

SELECT
    *,
    CASE
        WHEN date IS NULL THEN 'missing_date'
        WHEN date < getvariable('sales_start')::DATE THEN 'too_old'
        WHEN date > getvariable('sales_today')::DATE THEN 'future_date'
        WHEN amount IS NULL THEN 'invalid_amount'
    END AS reason
FROM dated;
