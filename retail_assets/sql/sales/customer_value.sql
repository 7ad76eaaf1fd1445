-- What every customer is worth, those who never paid and those who only occur in payments included.
WITH paid AS (
    SELECT
        customer_id,
        min(paid_at) AS first_payment_at,
        max(paid_at) AS last_payment_at,
        count(*) AS payments,
        sum(amount) AS net_amount
    FROM joined_sales
    GROUP BY customer_id
),

by_category AS (
    SELECT customer_id, unnest(from_json(categories, '["VARCHAR"]')) AS category, amount
    FROM joined_sales
),

favourites AS (
    SELECT customer_id, category AS favourite_category
    FROM by_category
    GROUP BY customer_id, category
    QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY count(*) DESC, sum(amount) DESC, category) = 1
),

known AS (
    SELECT
        customer.customer_id,
        country.country AS region,
        coalesce(customer.active, customer.activebool) AS active
    FROM raw_customer AS customer
    LEFT JOIN raw_address AS address USING (address_id)
    LEFT JOIN raw_city AS city USING (city_id)
    LEFT JOIN raw_country AS country USING (country_id)
)

SELECT
    customer_id,
    paid.first_payment_at,
    paid.last_payment_at,
    coalesce(paid.payments, 0) AS payments,
    coalesce(paid.net_amount, 0) AS net_amount,
    favourites.favourite_category,
    coalesce(nullif(known.region, ''), 'unknown') AS region,
    known.active
FROM known
FULL JOIN paid USING (customer_id)
LEFT JOIN favourites USING (customer_id)
ORDER BY customer_id;
