-- Per date and event type, products add up to all clean events; categories and brands to the events that carry one.
WITH summed AS (
    SELECT
        date,
        event_type,
        category_code IS NOT NULL AS has_category,
        brand IS NOT NULL AS has_brand,
        count(*) AS rows,
        sum(price) AS price
    FROM clean_events
    GROUP BY ALL
),

carried AS (
    SELECT 'product_id' AS key_type, * FROM summed
    UNION ALL
    SELECT 'category_code' AS key_type, * FROM summed WHERE has_category
    UNION ALL
    SELECT 'brand' AS key_type, * FROM summed WHERE has_brand
),

events AS (
    SELECT
        date,
        key_type,
        coalesce(sum(rows) FILTER (WHERE event_type = 'purchase'), 0)::BIGINT AS purchases,
        coalesce(sum(rows) FILTER (WHERE event_type = 'view'), 0)::BIGINT AS views,
        coalesce(sum(rows) FILTER (WHERE event_type = 'cart'), 0)::BIGINT AS carts,
        coalesce(sum(price) FILTER (WHERE event_type = 'purchase'), 0) AS revenue
    FROM carried
    GROUP BY date, key_type
),

aggregates AS (
    SELECT
        date,
        key_type,
        sum(purchases_t) AS purchases,
        sum(views_t) AS views,
        sum(carts_t) AS carts,
        sum(revenue_t) AS revenue
    FROM staged_daily_aggregates
    GROUP BY date, key_type
)

SELECT
    asked.date,
    asked.key_type,
    (coalesce(events.purchases, 0), coalesce(events.views, 0), coalesce(events.carts, 0), coalesce(events.revenue, 0))
    = (coalesce(found.purchases, 0), coalesce(found.views, 0), coalesce(found.carts, 0), coalesce(found.revenue, 0))
        AS passed,
    format(
        'clean_events has {:d} purchases, {:d} views, {:d} carts; the aggregates sum to {:d}, {:d}, {:d}',
        coalesce(events.purchases, 0), coalesce(events.views, 0), coalesce(events.carts, 0),
        coalesce(found.purchases, 0)::BIGINT, coalesce(found.views, 0)::BIGINT, coalesce(found.carts, 0)::BIGINT
    ) AS detail
FROM requested_partitions AS asked
LEFT JOIN events USING (date, key_type)
LEFT JOIN aggregates AS found USING (date, key_type);
