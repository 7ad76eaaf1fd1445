-- One table of the shop's database, as it was extracted.
SELECT *
FROM extracted;
