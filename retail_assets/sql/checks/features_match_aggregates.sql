-- The features of a date hold every key of its aggregates with the same numbers; all other rows are quiet.

WITH expected AS (
    SELECT date, key_type, key_value, purchases_t, views_t, carts_t, revenue_t
    FROM daily_aggregates
    SEMI JOIN requested_partitions USING (date, key_type)
),

found AS (
    SELECT date, key_type, key_value, purchases_t, views_t, carts_t, revenue_t
    FROM staged_features
    WHERE purchases_t + views_t + carts_t > 0
),

-- Number and digest of the rows, whatever their order, say at a third of the cost whether both sides are the same.
measured AS (
    SELECT date, key_type, count(*) AS rows, sum(hash(key_value, purchases_t, views_t, carts_t, revenue_t)) AS digest
    FROM expected
    GROUP BY date, key_type

    UNION ALL

    SELECT date, key_type, count(*), sum(hash(key_value, purchases_t, views_t, carts_t, revenue_t))
    FROM found
    GROUP BY date, key_type
),

-- Only where they are not is a look at the single keys needed.
differing AS (
    SELECT date, key_type
    FROM measured
    GROUP BY date, key_type
    HAVING count(*) = 1 OR min(rows) <> max(rows) OR min(digest) <> max(digest)
),

compared AS (
    SELECT
        coalesce(found.date, expected.date) AS date,
        coalesce(found.key_type, expected.key_type) AS key_type,
        count(*) FILTER (WHERE found.key_value IS NULL) AS missing,
        count(*) FILTER (
            WHERE expected.key_value IS NOT NULL AND found.key_value IS NOT NULL
            AND (found.purchases_t, found.views_t, found.carts_t, found.revenue_t)
            <> (expected.purchases_t, expected.views_t, expected.carts_t, expected.revenue_t)
        ) AS different,
        count(*) FILTER (
            WHERE expected.key_value IS NULL AND found.purchases_t + found.views_t + found.carts_t > 0
        ) AS invented
    FROM (SELECT * FROM staged_features SEMI JOIN differing USING (date, key_type)) AS found
    FULL JOIN (SELECT * FROM expected SEMI JOIN differing USING (date, key_type)) AS expected
        ON expected.date = found.date
        AND expected.key_type = found.key_type
        AND expected.key_value = found.key_value
    GROUP BY ALL
)

SELECT
    date,
    key_type,
    missing + different + invented = 0 AS passed,
    format('{:d} keys missing, {:d} different, {:d} not in the aggregates', missing, different, invented) AS detail
FROM compared;
