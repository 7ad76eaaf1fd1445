-- Sessions that still have events to come.
CREATE TABLE sessions (
    session BIGINT,
    first_event BIGINT,
    length BIGINT,
    outcome OUTCOME,
    opens BIGINT,
    pace BIGINT,
    user_id INTEGER,
    user_session UUID,
    month BIGINT,
    week BIGINT,
    day_number BIGINT,
    promoted DOUBLE,
    interest BIGINT
);

-- Events that wait to be written, in the order of the feed. delivery: 0, or more for a repeat;
-- misprint: the first eight columns as written, where a defect changed them.
CREATE TABLE events (
    event_time TIMESTAMP,
    event_type EVENT_TYPE,
    product_id INTEGER,
    category_id CATEGORY_ID,
    category_code CATEGORY_CODE,
    brand BRAND,
    price DECIMAL(12, 2),
    user_id INTEGER,
    user_session UUID,
    defect UTINYINT,
    delivery UTINYINT,
    misprint VARCHAR[]
);

-- What cleaning must find, and the distinct identifiers of the clean rows; both gathered batch by batch.
CREATE TABLE verdicts (date DATE, verdict VARCHAR, oddity VARCHAR, event_type VARCHAR, rows BIGINT);

CREATE TABLE clean_products (product_id INTEGER);

CREATE TABLE clean_users (user_id INTEGER);

CREATE TABLE clean_sessions (user_session UUID, user_id INTEGER);

CREATE TABLE session_counts (sessions BIGINT);
