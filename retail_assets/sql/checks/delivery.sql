-- What was odd about the files that brought a date's events, though all their rows could be read.
SELECT
    date,
    false AS passed,
    string_agg(format('{}: {}', source_file, note), '; ' ORDER BY source_file, note) AS detail
FROM landing_notes
GROUP BY date;
