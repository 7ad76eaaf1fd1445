-- Distinct identifiers in the clean rows.
SELECT
    (SELECT count(*) FROM clean_products) AS products,
    (SELECT count(DISTINCT user_id) FROM clean_users) AS users,
    (SELECT sum(sessions)::BIGINT FROM session_counts) AS sessions
