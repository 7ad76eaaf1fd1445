-- Which events get which defect. All events are cut into strata of one size, each stratum lends one event drawn from it,
-- and a shuffle deals the strata to the defects: exact numbers, spread over the whole plan, never two on one event.
-- A repeated event has several labels: a join with them repeats it.
CREATE TABLE labels AS
WITH
tickets AS (
    SELECT defect, unnest(range(events)) AS number
    FROM quotas
),

shuffled AS (
    SELECT
        defect,
        row_number() OVER (ORDER BY dice(defect * 4294967296 + number, 'shuffle')) - 1 AS stratum,
        getvariable('events') // (SELECT count(*) FROM tickets) AS stratum_size
    FROM tickets
)

SELECT
    stratum * stratum_size + draw(stratum, 'labelled', stratum_size) AS event,
    defect,
    unnest(range(repeats + 1))::UTINYINT AS delivery
FROM shuffled
JOIN defects USING (defect)
ORDER BY event, delivery;
