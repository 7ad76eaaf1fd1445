SELECT
    staged.rows = counted.rows AS passed,
    format('{:,} rows, of {:,} that were taken in', staged.rows, counted.rows) AS detail
FROM (SELECT count(*) AS rows FROM staged_${dataset}) AS staged, source_rows AS counted;
