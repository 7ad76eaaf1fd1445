CREATE MACRO in_an_address(name) AS regexp_replace(lower(strip_accents(name)), '[^a-z]+', '', 'g');

-- Countries to customers. Names and places come from the table `pools`: country, kind and the words of that kind.
CREATE TABLE country AS
SELECT row_number() OVER (ORDER BY country) AS country_id, country, TIMESTAMP '2019-01-01' AS last_update
FROM (SELECT DISTINCT country FROM pools);

CREATE TABLE city AS
SELECT row_number() OVER (ORDER BY country_id, town) AS city_id, town AS city, country_id, TIMESTAMP '2019-01-01' AS last_update
FROM (SELECT DISTINCT country_id, unnest(words) AS town FROM pools JOIN country USING (country) WHERE kind = 'city');

CREATE TABLE address AS
SELECT
    n + 1 AS address_id,
    format('{} {}', pick(streets.words, n, 'street'), 1 + draw(n, 'house', 250)) AS address,
    NULL::VARCHAR AS address2,
    format('District {}', 1 + draw(n, 'district', 20)) AS district,
    city_id,
    lpad(draw(n, 'postal code', 100000)::VARCHAR, 5, '0') AS postal_code,
    format('555-{:07}', draw(n, 'phone', 10000000)) AS phone,
    TIMESTAMP '2019-01-01' AS last_update
FROM (SELECT range AS n, 1 + draw(range, 'city', (SELECT count(*) FROM city)) AS city_id FROM range(getvariable('customers') + 2))
JOIN city USING (city_id)
JOIN country USING (country_id)
JOIN pools AS streets ON streets.country = country.country AND streets.kind = 'street'
ORDER BY n;

CREATE TABLE store AS
SELECT n AS store_id, n AS manager_staff_id, n AS address_id, TIMESTAMP '2019-01-01' AS last_update
FROM (SELECT unnest([1, 2]) AS n);

CREATE TABLE staff AS
SELECT
    n AS staff_id,
    pick(firsts.words, n, 'staff first name') AS first_name,
    pick(lasts.words, n, 'staff last name') AS last_name,
    n AS address_id,
    format('staff{}@example.com', n) AS email,
    n AS store_id,
    true AS active,
    format('staff{}', n) AS username,
    NULL::VARCHAR AS password,
    TIMESTAMP '2019-01-01' AS last_update,
    NULL::BLOB AS picture
FROM (SELECT unnest([1, 2]) AS n)
JOIN pools AS firsts ON firsts.kind = 'first name' AND firsts.country = (SELECT min(country) FROM pools)
JOIN pools AS lasts ON lasts.kind = 'last name' AND lasts.country = firsts.country
ORDER BY n;

CREATE TABLE customer AS
SELECT
    n AS customer_id,
    1 + n % 2 AS store_id,
    first_name,
    last_name,
    format('{}.{}.{}@example.com', in_an_address(first_name), in_an_address(last_name), n) AS email,
    address_id,
    true AS activebool,
    (getvariable('first_day') - draw(n, 'customer since', 1000)::INTEGER)::DATE AS create_date,
    TIMESTAMP '2019-01-01' AS last_update,
    (n % 40 <> 0)::INTEGER AS active
FROM (
    SELECT
        address_id - 2 AS n,
        address_id,
        pick(firsts.words, address_id, 'first name') AS first_name,
        pick(lasts.words, address_id, 'last name') AS last_name
    FROM address
    JOIN city USING (city_id)
    JOIN country USING (country_id)
    JOIN pools AS firsts ON firsts.kind = 'first name' AND firsts.country = country.country
    JOIN pools AS lasts ON lasts.kind = 'last name' AND lasts.country = country.country
    WHERE address_id > 2
)
ORDER BY n;
