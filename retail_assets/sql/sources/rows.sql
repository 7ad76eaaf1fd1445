-- The rows of a declared source; of those that have the same key, the one of the last file that brings it.
WITH latest AS (
    SELECT *
    FROM received
    ${latest}
)
SELECT ${columns}
FROM latest
WHERE ${asked}
${ordered}
