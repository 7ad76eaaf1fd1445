-- The keys of which most is expected after a date by the forecast of an origin, beside what they sold in as many days
-- up to that date.
WITH expected AS (
    SELECT
        key_value,
        sum(mean) AS expected
    FROM demand_forecast
    WHERE key_type = $key_type AND date = $origin AND forecast_date > $last
    GROUP BY key_value
),

sold AS (
    SELECT
        key_value,
        sum(purchases_t)::BIGINT AS sold
    FROM features
    WHERE key_type = $key_type AND date BETWEEN $first AND $last
    GROUP BY key_value
)

SELECT
    expected.key_value,
    expected.expected,
    coalesce(sold.sold, 0) AS sold
FROM expected
LEFT JOIN sold ON sold.key_value = expected.key_value
ORDER BY expected.expected DESC, expected.key_value
LIMIT $limit;
