-- What the triggers have captured and nothing has collected yet. A transaction's rows are read in the order of their
-- ordinals, transactions by their flush number (of which the last row of each has one) and, where two that do not depend
-- on each other have the same, by xid. common/wire/capture_log.hpp describes the content.
-- It is filled and emptied all the time and read as a whole: no index, no TOAST, and vacuum soon and without rest.
CREATE TABLE postrider.capture_log (
    xid xid8 NOT NULL,
    flush_number bigint,
    ordinal bigint NOT NULL,
    content bytea NOT NULL
) USING heap WITH (
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_insert_threshold = -1,
    autovacuum_vacuum_cost_delay = 0,
    autovacuum_analyze_scale_factor = 0,
    autovacuum_analyze_threshold = 100000
);
ALTER TABLE postrider.capture_log ALTER COLUMN content SET STORAGE PLAIN;

-- AFTER INSERT OR UPDATE OR DELETE … FOR EACH ROW, with the capture's number and the columns whose old values are kept
-- ('7', '"price","name"'); AFTER TRUNCATE … FOR EACH STATEMENT with the number.
CREATE FUNCTION postrider.capture() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'postrider_capture';

-- Removes what the statement's snapshot sees of the log, and gives it; in no order.
CREATE FUNCTION postrider.take_captured() RETURNS SETOF postrider.capture_log
    LANGUAGE c STRICT VOLATILE AS 'MODULE_PATHNAME', 'postrider_take_captured';
