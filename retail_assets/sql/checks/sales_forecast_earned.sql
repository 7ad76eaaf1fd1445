-- Whether the model earned its place by category and by region, each judged as a key type of demand is.
WITH staged_forecast_backtest AS (
    FROM staged_sales_forecast_backtest
),

judged AS (
    ${forecast_earned}
)

SELECT
    date,
    bool_and(passed) AS passed,
    string_agg('by ' || key_type || ', ' || detail, '; ' ORDER BY key_type) AS detail
FROM judged
GROUP BY date;
