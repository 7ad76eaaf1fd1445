-- Per date and event type, products add up to all clean events; categories and brands to the events that carry one.
WITH events AS (
    SELECT
        date,
        unnest(['product_id', 'category_code', 'brand']) AS key_type,
        unnest([
            count(*) FILTER (WHERE event_type = 'purchase'),
            count(*) FILTER (WHERE event_type = 'purchase' AND category_code IS NOT NULL),
            count(*) FILTER (WHERE event_type = 'purchase' AND brand IS NOT NULL)
        ]) AS purchases,
        unnest([
            count(*) FILTER (WHERE event_type = 'view'),
            count(*) FILTER (WHERE event_type = 'view' AND category_code IS NOT NULL),
            count(*) FILTER (WHERE event_type = 'view' AND brand IS NOT NULL)
        ]) AS views,
        unnest([
            count(*) FILTER (WHERE event_type = 'cart'),
            count(*) FILTER (WHERE event_type = 'cart' AND category_code IS NOT NULL),
            count(*) FILTER (WHERE event_type = 'cart' AND brand IS NOT NULL)
        ]) AS carts,
        unnest([
            coalesce(sum(price) FILTER (WHERE event_type = 'purchase'), 0),
            coalesce(sum(price) FILTER (WHERE event_type = 'purchase' AND category_code IS NOT NULL), 0),
            coalesce(sum(price) FILTER (WHERE event_type = 'purchase' AND brand IS NOT NULL), 0)
        ]) AS revenue
    FROM clean_events
    GROUP BY date
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
