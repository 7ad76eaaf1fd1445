SELECT
    count(*) = 0 AS passed,
    string_agg(blocked, '; ' ORDER BY name) AS detail
FROM source_files
WHERE blocked <> '';
