COPY (
    SELECT * EXCLUDE (moment)
    FROM feed
    WHERE moment >= $begins AND moment < $ends
) TO $file (FORMAT csv, HEADER)
