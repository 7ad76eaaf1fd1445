-- How good forecasts of earlier origins would have been, by model and demand class.
SELECT
    date,
    key_type,
    tested_origin,
    model,
    demand_class,
    series,
    units,
    wmape,
    mase,
    rmsse,
    bias,
    sum_wmape,
    coverage,
    is_published,
    days_ahead
FROM scores
ORDER BY date, key_type, tested_origin, model, demand_class;
