-- Beyond a set share of orphans the joins are broken, not a few rows.
WITH counted AS (
    SELECT
        count(*) AS payments,
        count(*) FILTER (WHERE region = 'unknown' AND customer_id <> 'forgotten' OR film_id = 'unknown') AS orphans
    FROM staged_joined_sales
)

SELECT
    orphans <= getvariable('max_orphan_share') * payments AS passed,
    CASE WHEN orphans > getvariable('max_orphan_share') * payments THEN format(
        'too_many_orphans: {:d} of {:d} payments lead to no known region or film', orphans, payments
    ) END AS detail
FROM counted;
