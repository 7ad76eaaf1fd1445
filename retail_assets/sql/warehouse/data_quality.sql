-- The books of landing, summed over the files, and the books of cleaning.
SELECT date, 'landing' AS stage, reason, sum(rows) AS rows
FROM landing_books
GROUP BY date, reason

UNION ALL

SELECT date, stage, reason, rows
FROM event_books

ORDER BY date, stage, reason;
