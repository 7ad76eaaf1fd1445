-- What of Redshift's system tables and functions there is: in pg_catalog, where they are found without a schema.
CREATE TABLE IF NOT EXISTS pg_catalog.stl_load_errors (
    userid INTEGER, slice INTEGER, tbl INTEGER, starttime TIMESTAMP, session INTEGER, query INTEGER, filename CHAR(256),
    line_number BIGINT, colname CHAR(127), type CHAR(10), col_length CHAR(10), position INTEGER, raw_line CHAR(1024),
    raw_field_value CHAR(1024), err_code INTEGER, err_reason CHAR(100), is_partial INTEGER, start_offset BIGINT
);
CREATE OR REPLACE VIEW pg_catalog.sys_load_error_detail AS
SELECT
    userid AS user_id, query::BIGINT AS query_id, 0::BIGINT AS transaction_id, session AS session_id,
    current_database()::CHAR(128) AS database_name, tbl AS table_id, starttime AS start_time, filename::VARCHAR(256) AS file_name,
    line_number, colname::CHAR(127) AS column_name, type AS column_type, col_length AS column_length, position,
    err_code AS error_code, err_reason::CHAR(512) AS error_message
FROM pg_catalog.stl_load_errors;
CREATE OR REPLACE VIEW pg_catalog.svv_columns AS
SELECT
    table_catalog, table_schema, table_name, column_name, ordinal_position, column_default, is_nullable, data_type,
    character_maximum_length, numeric_precision, numeric_precision_radix, numeric_scale, datetime_precision,
    interval_type, interval_precision, character_set_catalog, character_set_schema, character_set_name,
    collation_catalog, collation_schema, collation_name, domain_name,
    col_description(format('%I.%I', table_schema, table_name)::REGCLASS, ordinal_position) AS remarks
FROM information_schema.columns;
CREATE OR REPLACE FUNCTION pg_catalog.getdate() RETURNS TIMESTAMP STABLE LANGUAGE SQL
AS 'SELECT date_trunc(''second'', statement_timestamp() AT TIME ZONE ''UTC'')';
GRANT SELECT ON pg_catalog.stl_load_errors, pg_catalog.sys_load_error_detail, pg_catalog.svv_columns TO PUBLIC;
