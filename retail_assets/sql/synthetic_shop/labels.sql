-- Which events get which defect: a shuffle deals the strata to the defects. So the numbers are exact, the defects are
-- spread over the whole plan, and no event gets two. A repeated event has several labels: a join repeats it.
CREATE TABLE labels AS
WITH
tickets AS (
    SELECT defect, unnest(range(events)) AS number
    FROM quotas
),

shuffled AS (
    SELECT
        defect,
        row_number() OVER (ORDER BY dice(defect * 4294967296 + number, 'shuffle')) - 1 AS stratum
    FROM tickets
)

SELECT
    labelled_event(stratum) AS event,
    defect,
    unnest(range(repeats + 1))::UTINYINT AS delivery
FROM shuffled
JOIN defects USING (defect)

UNION ALL

-- All others.
SELECT -1 AS event, 0 AS defect, 0 AS delivery;
