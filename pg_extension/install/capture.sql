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

-- A partition that comes later gets the trigger for TRUNCATE in the statement that makes or attaches it: what a partition
-- lost before anybody looked would be told by nobody. The trigger for rows the server hands down itself.
CREATE FUNCTION postrider.capture_partitions() RETURNS event_trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
    part record;
BEGIN
    FOR part IN
        SELECT DISTINCT leaf.relid AS name, wanted.tgname AS trigger
        FROM pg_event_trigger_ddl_commands() AS command
        JOIN pg_class AS c ON c.oid = command.objid AND command.classid = 'pg_class'::regclass
        CROSS JOIN LATERAL pg_partition_tree(c.oid) AS leaf
        JOIN pg_trigger AS wanted ON wanted.tgrelid = pg_partition_root(leaf.relid)
        WHERE (c.relispartition OR c.relkind = 'p') AND leaf.isleaf
          AND wanted.tgfoid = 'postrider.capture'::regproc AND wanted.tgname ~ '^postrider_capture_[0-9]+_truncate$'
          AND NOT EXISTS (SELECT FROM pg_trigger AS own
                          WHERE own.tgrelid = leaf.relid AND own.tgname = wanted.tgname)
    LOOP
        EXECUTE format('CREATE TRIGGER %1$I AFTER TRUNCATE ON %2$s FOR EACH STATEMENT'
                       ' EXECUTE FUNCTION postrider.capture(%3$L);'
                       ' ALTER TABLE %2$s ENABLE ALWAYS TRIGGER %1$I',
                       part.trigger, part.name, substring(part.trigger FROM '[0-9]+'));
    END LOOP;
EXCEPTION WHEN OTHERS THEN
    -- Whoever alters a table must never be refused because of us.
    RAISE WARNING 'postrider could not look after a new partition: %', SQLERRM
        USING HINT = 'CALL postrider.sync_now() does it; do not TRUNCATE the partition before.';
END
$function$;
CREATE EVENT TRIGGER postrider_partitions ON ddl_command_end
    WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE') EXECUTE FUNCTION postrider.capture_partitions();
ALTER EVENT TRIGGER postrider_partitions ENABLE ALWAYS;
