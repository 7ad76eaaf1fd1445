-- Several customers under one e-mail; the database counts them, for the addresses need not leave it.
SELECT false AS passed, string_agg(detail, '; ' ORDER BY detail) AS detail
FROM source_notes
WHERE kind = 'duplicate_emails'
HAVING count(*) > 0;
