-- How far the published model would have been off from the tested origins by key: the best and the worst of those that
-- sold no less than $least meanwhile.
WITH summed AS (
    SELECT
        key_value,
        count(*) AS origins,
        sum(units) AS came,
        sum(expected) AS expected,
        sum(absolute_error) AS missed,
        avg(rmsse) AS rmsse
    FROM forecast_errors
    WHERE key_type = $key_type AND date = $origin
    GROUP BY key_value
),

ranked AS (
    SELECT
        *,
        row_number() OVER (ORDER BY rmsse, key_value) AS best,
        row_number() OVER (ORDER BY rmsse DESC, key_value) AS worst
    FROM summed
    WHERE rmsse IS NOT NULL AND came >= $least
)

SELECT
    best,
    worst,
    key_value,
    origins,
    came::BIGINT AS came,
    expected,
    expected / came - 1 AS bias,
    rmsse,
    missed / came AS wmape
FROM ranked
WHERE best <= $limit OR worst <= $limit
ORDER BY best;
