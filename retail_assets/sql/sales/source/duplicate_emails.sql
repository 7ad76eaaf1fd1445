-- PostgreSQL's SQL: customers who share an e-mail but for case and blanks. The addresses themselves stay there.
SELECT
    CASE WHEN count(*) > 0 THEN
        count(*) || ' e-mail addresses belong to several customers, ' || sum(customers) || ' in all, but for case'
    END AS detail
FROM (
    SELECT count(*) AS customers
    FROM ${table}
    GROUP BY lower(trim(${column}))
    HAVING count(*) > 1 AND lower(trim(${column})) <> ''
) AS shared;
