-- Adds the batch to the books.
INSERT INTO verdicts
SELECT date, verdict, oddity, if(verdict = 'clean', event_type, NULL) AS event_type, count(*) AS rows
FROM judged_events
WHERE moment >= getvariable('batch_start')
GROUP BY ALL;

INSERT INTO clean_products
SELECT product_id
FROM judged_events
WHERE verdict = 'clean' AND moment >= getvariable('batch_start')
EXCEPT
SELECT product_id FROM clean_products;

-- A session may reach over from the batch before, and no further: it is counted once.
CREATE OR REPLACE TABLE earlier_sessions AS
SELECT user_session FROM clean_sessions;

CREATE OR REPLACE TABLE clean_sessions AS
SELECT user_session, any_value(user_id) AS user_id
FROM judged_events
WHERE verdict = 'clean' AND moment >= getvariable('batch_start')
GROUP BY user_session;

INSERT INTO session_counts
SELECT count(*)
FROM clean_sessions
ANTI JOIN earlier_sessions USING (user_session);

INSERT INTO clean_users
SELECT DISTINCT user_id FROM clean_sessions;
