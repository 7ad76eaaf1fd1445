-- PostgreSQL's SQL: rows that are the same every time. Values follow from hashes of their numbers, none from chance.
CREATE FUNCTION pg_temp.pick(number integer, salt text, choices integer) RETURNS integer IMMUTABLE LANGUAGE sql AS
$$ SELECT (('x' || substr(md5(number || salt), 1, 7))::bit(28)::integer % choices) $$;
CREATE FUNCTION pg_temp.one_of(number integer, salt text, choices text[]) RETURNS text IMMUTABLE LANGUAGE sql AS
$$ SELECT choices[1 + pg_temp.pick(number, salt, cardinality(choices))] $$;

INSERT INTO country
SELECT number, name, TIMESTAMP '2019-01-01'
FROM unnest(ARRAY['Argentina', 'Brazil', 'Canada', 'Côte d''Ivoire', 'Germany', 'India', 'Japan', 'Mexico', 'Poland',
    'South Africa', 'United States', 'Viet Nam']) WITH ORDINALITY AS listed(name, number);

INSERT INTO city SELECT n, 'City ' || n, 1 + n % 12, TIMESTAMP '2019-01-01' FROM generate_series(1, 40) AS n;

INSERT INTO address
SELECT n, n || ' Example Street', NULL, 'District ' || n % 9, 1 + pg_temp.pick(n, 'city', 40), lpad(n::text, 5, '0'),
    '555-01' || lpad((n % 100)::text, 2, '0'), TIMESTAMP '2019-01-01'
FROM generate_series(1, 320) AS n;

INSERT INTO store SELECT n, n, n, TIMESTAMP '2019-01-01' FROM generate_series(1, 2) AS n;

INSERT INTO staff
SELECT n, 'Staff', 'Member ' || n, n, 'staff' || n || '@example.com', n, true, 'staff' || n, md5('password' || n),
    TIMESTAMP '2019-01-01', NULL
FROM generate_series(1, 2) AS n;

INSERT INTO customer
SELECT n, 1 + n % 2, pg_temp.one_of(n, 'first', ARRAY['Ada', 'Ben', 'Carla', 'Dinh', 'Eva', 'Farid', 'Grace', 'Hugo']),
    pg_temp.one_of(n, 'last', ARRAY['Adams', 'Brown', 'Costa', 'Diaz', 'Evans', 'Fischer', 'Gupta', 'Hoang']) || ' ' || n,
    'customer' || n || '@example.com', 3 + n, true, DATE '2019-01-01', TIMESTAMP '2019-01-01', (n % 40 <> 0)::integer
FROM generate_series(1, 300) AS n;

INSERT INTO language SELECT 1, 'English', TIMESTAMP '2019-01-01';

INSERT INTO category
SELECT number, name, TIMESTAMP '2019-01-01'
FROM unnest(ARRAY['Action', 'Animation', 'Children', 'Classics', 'Comedy', 'Documentary', 'Drama', 'Family', 'Foreign',
    'Games', 'Horror', 'Music', 'New', 'Sci-Fi', 'Sports', 'Travel']) WITH ORDINALITY AS listed(name, number);

INSERT INTO actor SELECT n, 'Actor', 'Number ' || n, TIMESTAMP '2019-01-01' FROM generate_series(1, 50) AS n;

INSERT INTO film
SELECT n, pg_temp.one_of(n, 'adjective', ARRAY['Silent', 'Golden', 'Broken', 'Hidden', 'Electric', 'Last']) || ' '
    || pg_temp.one_of(n, 'noun', ARRAY['River', 'Empire', 'Garden', 'Signal', 'Harbour', 'Machine', 'Winter']) || ' ' || n,
    'A synthetic film.', 2000 + n % 19, 1, 3 + n % 5, (ARRAY[0.99, 2.99, 4.99])[1 + pg_temp.pick(n, 'rate', 3)],
    60 + n % 90, 9.99 + n % 20, (enum_range(NULL::rating))[1 + n % 4], TIMESTAMP '2019-01-01', ARRAY['Trailers'],
    to_tsvector('english', 'synthetic')
FROM generate_series(1, 200) AS n;

INSERT INTO film_actor
SELECT DISTINCT 1 + pg_temp.pick(n, 'actor', 50), 1 + n % 200, TIMESTAMP '2019-01-01' FROM generate_series(1, 800) AS n;

-- Every fifth film is in a second category, every twentieth in a third.
INSERT INTO film_category
SELECT DISTINCT film_id, 1 + pg_temp.pick(film_id, 'category' || turn, 16), TIMESTAMP '2019-01-01'
FROM film CROSS JOIN generate_series(1, 3) AS turn
WHERE turn = 1 OR turn = 2 AND film_id % 5 = 0 OR turn = 3 AND film_id % 20 = 0;

INSERT INTO inventory
SELECT n, 1 + n % 200, 1 + pg_temp.pick(n, 'store', 2), TIMESTAMP '2019-01-01' FROM generate_series(1, 800) AS n;

INSERT INTO rental
SELECT n, rented, inventory_id, 1 + least(pg_temp.pick(n, 'a', 300), pg_temp.pick(n, 'b', 300)),
    CASE WHEN n % 60 <> 0 THEN rented + make_interval(days => 1 + pg_temp.pick(n, 'days', 7)) END, 1 + n % 2, rented
FROM (
    SELECT n, 1 + pg_temp.pick(n, 'copy', 800) AS inventory_id,
        DATE '${first}' + pg_temp.pick(n, 'day', ${days}) + make_interval(secs => pg_temp.pick(n, 'second', 86000)) AS rented
    FROM generate_series(1, ${rentals}) AS n
) AS drawn;

-- Most rentals are paid at once; one in ninety is paid back on the same day.
INSERT INTO payment
SELECT rental_id, customer_id, rental.staff_id, rental_id, rental_rate, rental_date
FROM rental JOIN inventory USING (inventory_id) JOIN film USING (film_id)
WHERE rental_id % 25 <> 0
UNION ALL
SELECT 1000000 + rental_id, customer_id, rental.staff_id, rental_id, -rental_rate, rental_date + interval '1 minute'
FROM rental JOIN inventory USING (inventory_id) JOIN film USING (film_id)
WHERE rental_id % 90 = 1;
