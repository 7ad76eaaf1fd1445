SELECT date, event_type, sum(rows)::BIGINT AS rows
FROM verdicts
WHERE verdict = 'clean'
GROUP BY ALL
ORDER BY date, event_type
