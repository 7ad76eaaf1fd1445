-- Clean rows that are odd in form.
SELECT oddity, sum(rows)::BIGINT AS rows
FROM verdicts
WHERE oddity IS NOT NULL
GROUP BY ALL
ORDER BY oddity
