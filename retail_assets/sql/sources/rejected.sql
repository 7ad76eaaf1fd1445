-- The rows of a declared source that its contract refuses.
SELECT source_file, source_row, reason, received
FROM refused
ORDER BY source_file, source_row, reason
