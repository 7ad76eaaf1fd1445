-- PostgreSQL's SQL: the tables of a film rental shop, in the shape of the Sakila sample database.
CREATE TYPE rating AS ENUM ('G', 'PG', 'PG-13', 'R');
CREATE DOMAIN year AS integer CHECK (VALUE BETWEEN 1901 AND 2155);
CREATE TABLE country (country_id integer PRIMARY KEY, country text NOT NULL, last_update timestamp NOT NULL);
CREATE TABLE city (city_id integer PRIMARY KEY, city text NOT NULL, country_id integer NOT NULL REFERENCES country,
    last_update timestamp NOT NULL);
CREATE TABLE address (address_id integer PRIMARY KEY, address text NOT NULL, address2 text, district text NOT NULL,
    city_id integer NOT NULL REFERENCES city, postal_code text, phone text NOT NULL, last_update timestamp NOT NULL);
CREATE TABLE store (store_id integer PRIMARY KEY, manager_staff_id integer NOT NULL, address_id integer NOT NULL,
    last_update timestamp NOT NULL);
CREATE TABLE staff (staff_id integer PRIMARY KEY, first_name text NOT NULL, last_name text NOT NULL,
    address_id integer NOT NULL, email text, store_id integer NOT NULL, active boolean NOT NULL, username text NOT NULL,
    password text, last_update timestamp NOT NULL, picture bytea);
CREATE TABLE customer (customer_id integer PRIMARY KEY, store_id integer NOT NULL, first_name text NOT NULL,
    last_name text NOT NULL, email text, address_id integer NOT NULL REFERENCES address, activebool boolean NOT NULL,
    create_date date NOT NULL, last_update timestamp, active integer);
CREATE TABLE language (language_id integer PRIMARY KEY, name character(20) NOT NULL, last_update timestamp NOT NULL);
CREATE TABLE category (category_id integer PRIMARY KEY, name text NOT NULL, last_update timestamp NOT NULL);
CREATE TABLE actor (actor_id integer PRIMARY KEY, first_name text NOT NULL, last_name text NOT NULL,
    last_update timestamp NOT NULL);
CREATE TABLE film (film_id integer PRIMARY KEY, title text NOT NULL, description text, release_year year,
    language_id integer NOT NULL REFERENCES language, rental_duration smallint NOT NULL, rental_rate numeric(4,2) NOT NULL,
    length smallint, replacement_cost numeric(5,2) NOT NULL, rating rating, last_update timestamp NOT NULL,
    special_features text[], fulltext tsvector);
CREATE TABLE film_actor (actor_id integer REFERENCES actor, film_id integer REFERENCES film,
    last_update timestamp NOT NULL, PRIMARY KEY (actor_id, film_id));
CREATE TABLE film_category (film_id integer REFERENCES film, category_id integer REFERENCES category,
    last_update timestamp NOT NULL, PRIMARY KEY (film_id, category_id));
CREATE TABLE inventory (inventory_id integer PRIMARY KEY, film_id integer NOT NULL REFERENCES film,
    store_id integer NOT NULL REFERENCES store, last_update timestamp NOT NULL);
CREATE TABLE rental (rental_id integer PRIMARY KEY, rental_date timestamp NOT NULL,
    inventory_id integer NOT NULL REFERENCES inventory, customer_id integer NOT NULL REFERENCES customer,
    return_date timestamp, staff_id integer NOT NULL REFERENCES staff, last_update timestamp NOT NULL);
CREATE TABLE payment (payment_id integer PRIMARY KEY, customer_id integer NOT NULL REFERENCES customer,
    staff_id integer NOT NULL REFERENCES staff, rental_id integer NOT NULL REFERENCES rental,
    amount numeric(5,2) NOT NULL, payment_date timestamp NOT NULL);
