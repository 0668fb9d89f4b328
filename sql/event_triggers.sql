-- Users' triggers on the table of events: whose they may be, and what becomes of one that fails.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
CREATE ROLE postrider_regress_keeper IN ROLE postrider_admin, postrider_monitor;
GRANT CREATE, USAGE ON SCHEMA public TO postrider_regress_keeper;
-- What such a trigger does it does with the rights of the extension's owner: nobody else may put one there.
SET ROLE postrider_regress_keeper;
CREATE FUNCTION escalate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER escalate AFTER INSERT ON postrider.event FOR EACH ROW EXECUTE FUNCTION escalate();
CREATE RULE escalate AS ON INSERT TO postrider.event DO ALSO NOTIFY postrider;
ALTER TABLE postrider.event DISABLE TRIGGER tell_listeners;
INSERT INTO postrider.event (happened_at, kind, message) VALUES (0, 'alarm', 'made up');
CREATE TRIGGER escalate AFTER INSERT ON postrider.peer FOR EACH ROW EXECUTE FUNCTION postrider.tell_listeners();
RESET ROLE;
SELECT count(*) FROM pg_class WHERE relnamespace = 'postrider'::regnamespace AND relkind IN ('r', 'v')
   AND (has_table_privilege('postrider_admin', oid, 'TRIGGER') OR has_table_privilege('postrider_monitor', oid, 'TRIGGER'));
-- A superuser may; whose function it is can make it do anything with those rights, so it stays a superuser's.
CREATE TABLE alarm (kind text);
CREATE FUNCTION note_alarm() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.alarm (kind) VALUES (NEW.kind);
    RETURN NULL;
END $$;
CREATE TRIGGER note_alarm AFTER INSERT ON postrider.event FOR EACH ROW EXECUTE FUNCTION note_alarm();
SET ROLE postrider_regress_keeper;
CREATE OR REPLACE FUNCTION note_alarm() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
RESET ROLE;
SELECT postrider.revoke('branch');
TABLE alarm;
-- The worker switches ordinary triggers off: those of your tables are not meant to fire for what comes by mail.
SELECT postrider.invite('branch') AS invitation \gset
\c postrider_branch
SELECT postrider.revoke('office');
SELECT count(*) FROM postrider.accept(:'invitation');
:rounds
\c postrider_office
TABLE alarm;
ALTER TABLE postrider.event ENABLE ALWAYS TRIGGER note_alarm;
CREATE TABLE products (sku text PRIMARY KEY, name text);
SELECT count(*) FROM postrider.declare('TASK prices SEND products TO branch CREATE MISSING TABLES');
DROP TABLE products;
:rounds
TABLE alarm;
-- One that fails stops what it was told of, and whoever asks for a round hears why; then it goes on.
CREATE TABLE products (sku text PRIMARY KEY, name text);
CREATE OR REPLACE FUNCTION note_alarm() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no alarm today'; END $$;
CALL postrider.sync_now();
SELECT count(*) FROM postrider.events WHERE message LIKE '%no alarm today%';
DROP TRIGGER note_alarm ON postrider.event;
CALL postrider.sync_now();
SELECT kind FROM postrider.event ORDER BY event_id DESC LIMIT 1;
DROP OWNED BY postrider_regress_keeper CASCADE;
DROP ROLE postrider_regress_keeper;
