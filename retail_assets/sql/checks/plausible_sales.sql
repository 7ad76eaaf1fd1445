-- Amounts beyond what a shop takes, payments before their rental, and payments that look booked twice.
WITH found AS (
    SELECT format('{:d} amounts beyond {}', count(*), getvariable('most_plausible_amount')::VARCHAR) AS detail
    FROM staged_joined_sales
    WHERE abs(amount) > getvariable('most_plausible_amount')
    HAVING count(*) > 0

    UNION ALL

    SELECT format('{:d} payments before their rental', count(*))
    FROM staged_joined_sales
    WHERE paid_at < rental_date
    HAVING count(*) > 0

    UNION ALL

    SELECT format('{:d} payments that repeat another one: same customer, rental, time and amount', sum(repeats)::BIGINT)
    FROM (
        SELECT count(*) - 1 AS repeats
        FROM staged_joined_sales
        GROUP BY customer_id, rental_id, paid_at, amount
        HAVING count(*) > 1
    )
    HAVING count(*) > 0
)

SELECT false AS passed, string_agg(detail, '; ' ORDER BY detail) AS detail
FROM found
HAVING count(*) > 0;
