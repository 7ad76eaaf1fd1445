-- Foreign keys that lead nowhere: the payment stays, under 'unknown'. Of forgotten customers nothing shall be known.
WITH counted AS (
    SELECT
        count(*) AS payments,
        count(*) FILTER (WHERE region = 'unknown' AND customer_id <> 'forgotten') AS without_region,
        count(*) FILTER (WHERE film_id = 'unknown') AS without_film,
        count(*) FILTER (WHERE categories = '["unknown"]') AS without_category
    FROM staged_joined_sales
)

SELECT
    without_region + without_film + without_category = 0 AS passed,
    CASE WHEN without_region + without_film + without_category > 0 THEN format(
        'of {:d} payments, {:d} have no known region, {:d} no known film, {:d} no known category',
        payments, without_region, without_film, without_category
    ) END AS detail
FROM counted;
