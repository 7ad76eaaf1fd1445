-- What was known of each key on one day beside what it sold so many days later. The partition is the day of the label.
-- A key without a feature row on the later day was quiet for 28 days: it sold nothing.
WITH known AS (
    SELECT date + getvariable('training_horizon')::INTEGER AS label_date, features.*
    FROM features
),
labels AS (
    SELECT date, key_type, key_value, purchases_t
    FROM features
)
SELECT
    known.label_date AS date,
    known.key_type,
    known.key_value,
    known.date AS feature_date,
    getvariable('training_horizon')::SMALLINT AS horizon,
    coalesce(labels.purchases_t, 0) AS label,
    known.* EXCLUDE (label_date, date, key_type, key_value)
FROM known
JOIN requested_partitions AS requested
    ON known.label_date = requested.date AND known.key_type = requested.key_type
LEFT JOIN labels
    ON labels.date = known.label_date AND labels.key_type = known.key_type AND labels.key_value = known.key_value
ORDER BY date, key_type, key_value;
