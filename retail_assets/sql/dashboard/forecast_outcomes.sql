-- What was expected of each key on an origin beside what came, over the days that have come. RMSSE divides the root mean
-- squared error by that of the change from day to day up to the origin, so that series of all sizes compare; the
-- best and the worst of those that sold no less than $least.
WITH days AS (
    SELECT date
    FROM daily_totals
    WHERE key_type = $key_type AND date > $origin AND date <= $last
),

expected AS (
    SELECT
        forecasts.key_value,
        days.date,
        forecasts.mean,
        forecasts.q10,
        forecasts.q90
    FROM demand_forecast AS forecasts
    INNER JOIN days ON days.date = forecasts.forecast_date
    WHERE forecasts.key_type = $key_type AND forecasts.date = $origin
),

sold AS (
    SELECT
        key_value,
        date,
        purchases_t
    FROM features
    WHERE key_type = $key_type AND date > $origin AND date <= $last
),

changes AS (
    SELECT
        key_value,
        avg(((purchases_t - "purchases_t-1") * (purchases_t - "purchases_t-1"))::DOUBLE) AS mean_square
    FROM features
    WHERE key_type = $key_type AND date <= $origin AND "purchases_t-1" IS NOT NULL
    GROUP BY key_value
),

compared AS (
    SELECT
        expected.key_value,
        expected.mean,
        coalesce(sold.purchases_t, 0) AS came,
        expected.q10,
        expected.q90
    FROM expected
    LEFT JOIN sold ON sold.key_value = expected.key_value AND sold.date = expected.date
),

summed AS (
    SELECT
        key_value,
        count(*) AS days,
        sum(mean) AS expected,
        sum(came)::BIGINT AS came,
        avg((mean - came) * (mean - came)) AS mean_square,
        avg((CASE WHEN came BETWEEN q10 AND q90 THEN 1 ELSE 0 END)::DOUBLE) AS coverage
    FROM compared
    GROUP BY key_value
),

ranked AS (
    SELECT
        summed.*,
        sqrt(summed.mean_square / changes.mean_square) AS rmsse,
        row_number() OVER (ORDER BY summed.mean_square / changes.mean_square, summed.key_value) AS best,
        row_number() OVER (ORDER BY summed.mean_square / changes.mean_square DESC, summed.key_value) AS worst
    FROM summed
    INNER JOIN changes ON changes.key_value = summed.key_value
    WHERE changes.mean_square > 0 AND summed.came >= $least
)

SELECT
    best,
    worst,
    key_value,
    days,
    came,
    expected,
    expected / came - 1 AS bias,
    rmsse,
    coverage
FROM ranked
WHERE best <= $limit OR worst <= $limit
ORDER BY best;
