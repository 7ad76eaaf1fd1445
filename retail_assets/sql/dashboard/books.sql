-- The books of a period: what became of the rows that came in. Rows without a readable date stand under no date.
SELECT
    date,
    stage,
    reason,
    rows
FROM data_quality
WHERE rows > 0 AND (date IS NULL OR date BETWEEN $first AND $last)
ORDER BY date, stage, reason;
