-- Payments in = payments joined + payments rejected, in rows and to the cent.
WITH received AS (SELECT count(*) AS rows, coalesce(sum(amount), 0) AS amount FROM raw_payment),

joined AS (SELECT count(*) AS rows, coalesce(sum(amount), 0) AS amount FROM staged_joined_sales),

rejected AS (
    SELECT count(*) AS rows, coalesce(sum(amount), 0) AS amount
    FROM staged_rejected_sales
    WHERE source_table = 'payment'
)

SELECT
    received.rows = joined.rows + rejected.rows AND received.amount = joined.amount + rejected.amount AS passed,
    format(
        '{:d} payments of {} at the source; {:d} of {} joined, {:d} of {} rejected',
        received.rows, received.amount::VARCHAR, joined.rows, joined.amount::VARCHAR,
        rejected.rows, rejected.amount::VARCHAR
    ) AS detail
FROM received, joined, rejected;
