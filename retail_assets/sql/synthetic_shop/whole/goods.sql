-- Films, what they belong to, and the copies that the stores have.
CREATE TABLE language AS SELECT 1 AS language_id, 'English' AS name, TIMESTAMP '2019-01-01' AS last_update;

CREATE TABLE category AS
SELECT row_number() OVER () AS category_id, name, TIMESTAMP '2019-01-01' AS last_update
FROM (SELECT unnest(['Action', 'Animation', 'Children', 'Classics', 'Comedy', 'Documentary', 'Drama', 'Family', 'Foreign',
    'Games', 'Horror', 'Music', 'New', 'Sci-Fi', 'Sports', 'Travel']) AS name);

CREATE TABLE actor AS
SELECT
    n AS actor_id,
    pick(firsts.words, n, 'actor first name') AS first_name,
    pick(lasts.words, n, 'actor last name') AS last_name,
    TIMESTAMP '2019-01-01' AS last_update
FROM (SELECT range AS n FROM range(1, 101))
JOIN pools AS firsts ON firsts.kind = 'first name' AND firsts.country = (SELECT min(country) FROM pools)
JOIN pools AS lasts ON lasts.kind = 'last name' AND lasts.country = firsts.country
ORDER BY n;

CREATE TABLE film AS
SELECT
    range AS film_id,
    format(
        '{} {} {}',
        pick(['Silent', 'Golden', 'Broken', 'Hidden', 'Electric', 'Last', 'Crimson', 'Quiet'], range, 'adjective'),
        pick(['River', 'Empire', 'Garden', 'Signal', 'Harbour', 'Machine', 'Winter', 'Letter'], range, 'noun'),
        range
    ) AS title,
    'A synthetic film.' AS description,
    2000 + draw(range, 'year', 19) AS release_year,
    1 AS language_id,
    3 + draw(range, 'rental duration', 5) AS rental_duration,
    pick([0.99, 2.99, 4.99], range, 'rate')::DECIMAL(4, 2) AS rental_rate,
    60 + draw(range, 'length', 90) AS length,
    (9.99 + draw(range, 'replacement', 20))::DECIMAL(5, 2) AS replacement_cost,
    pick(['G', 'PG', 'PG-13', 'R'], range, 'rating') AS rating,
    TIMESTAMP '2019-01-01' AS last_update,
    '{Trailers}' AS special_features,
    NULL::VARCHAR AS fulltext
FROM range(1, getvariable('films') + 1);

CREATE TABLE film_actor AS
SELECT DISTINCT 1 + draw(film_id * 4 + turn, 'actor', 100) AS actor_id, film_id, TIMESTAMP '2019-01-01' AS last_update
FROM film CROSS JOIN (SELECT unnest([0, 1, 2, 3]) AS turn)
ORDER BY film_id, actor_id;

-- Every fifth film is in a second category, every twentieth in a third.
CREATE TABLE film_category AS
SELECT DISTINCT film_id, 1 + draw(film_id * 3 + turn, 'category', 16) AS category_id, TIMESTAMP '2019-01-01' AS last_update
FROM film CROSS JOIN (SELECT unnest([0, 1, 2]) AS turn)
WHERE turn = 0 OR (turn = 1 AND film_id % 5 = 0) OR (turn = 2 AND film_id % 20 = 0)
ORDER BY film_id, category_id;

CREATE TABLE inventory AS
SELECT
    range AS inventory_id,
    1 + (range - 1) % getvariable('films') AS film_id,
    1 + draw(range, 'store', 2) AS store_id,
    TIMESTAMP '2019-01-01' AS last_update
FROM range(1, 4 * getvariable('films') + 1);
