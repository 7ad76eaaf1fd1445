-- Which events get which defect. The plan's events are cut into strata of one size, one event is drawn from each, and a
-- shuffle deals them to the defects: exact numbers, spread over the whole plan, and no event gets two.
-- A repeated event has several labels: a join repeats it.
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
    stratum * getvariable('stratum_size') + draw(stratum, 'labelled', getvariable('stratum_size')) AS event,
    defect,
    unnest(range(repeats + 1))::UTINYINT AS delivery
FROM shuffled
JOIN defects USING (defect)
ORDER BY event, delivery;
