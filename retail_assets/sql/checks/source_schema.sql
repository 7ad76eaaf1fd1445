-- What the database has that no contract knows, what it lacks of what is optional, and numbers that are none.
SELECT false AS passed, string_agg(detail, '; ' ORDER BY detail) AS detail
FROM source_notes
WHERE kind IN ('schema', 'unreadable')
HAVING count(*) > 0;
