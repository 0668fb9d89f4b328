-- Whose rights count: nobody's. A writer needs none on the schema postrider, and has none.
\set ECHO none
\set reader `echo "$PG_ABS_SRCDIR/tests/postgresql/log_reader.sql"`
\i :reader
\set ECHO all
DROP ROLE IF EXISTS postrider_writer, postrider_owner;
CREATE ROLE postrider_writer;
CREATE ROLE postrider_owner;
CREATE TABLE items (id int PRIMARY KEY, note text);
CALL capture('items', 7);
GRANT INSERT, SELECT, UPDATE (note) ON items TO postrider_writer;
GRANT USAGE ON SCHEMA shop TO postrider_writer, postrider_owner;
GRANT CREATE ON SCHEMA shop TO postrider_owner;

SET ROLE postrider_writer;
INSERT INTO shop.items VALUES (1, 'a');
UPDATE shop.items SET note = 'b';
SELECT * FROM postrider.capture_log;
DELETE FROM postrider.capture_log;
SELECT postrider.capture();
RESET ROLE;
SELECT * FROM changes();

-- With a table of the same name in the way.
GRANT CREATE ON DATABASE :DBNAME TO postrider_writer;
SET ROLE postrider_writer;
CREATE SCHEMA postrider_trap;
CREATE TABLE postrider_trap.capture_log (xid xid8, flush_number bigint, ordinal bigint, content bytea);
SET search_path = postrider_trap, shop;
INSERT INTO items VALUES (2, 'c');
SELECT count(*) FROM postrider_trap.capture_log;
RESET ROLE;
SET search_path = shop, look, pg_catalog;
SELECT * FROM changes();

-- Who owns a table does not choose where its changes go.
SET ROLE postrider_owner;
CREATE TABLE shop.mine (id int PRIMARY KEY);
CREATE TRIGGER mine AFTER INSERT ON shop.mine FOR EACH ROW EXECUTE FUNCTION postrider.capture('7');
RESET ROLE;

-- Nothing is anybody's.
SELECT n.nspname, n.nspacl IS NULL OR n.nspacl::text NOT LIKE '%{=%' AND n.nspacl::text NOT LIKE '%,=%' AS closed
  FROM pg_namespace n WHERE nspname = 'postrider';
SELECT c.relname FROM pg_class c WHERE relnamespace = 'postrider'::regnamespace AND relkind IN ('r', 'S', 'v', 'm')
   AND EXISTS (SELECT FROM aclexplode(coalesce(relacl, acldefault('r', relowner))) WHERE grantee = 0);
SELECT p.proname FROM pg_proc p WHERE pronamespace = 'postrider'::regnamespace
   AND EXISTS (SELECT FROM aclexplode(coalesce(proacl, acldefault('f', proowner))) WHERE grantee = 0);

-- Triggers that are silent for others: ours fires where sessions replicate.
SET session_replication_role = replica;
INSERT INTO items VALUES (3, 'replica');
RESET session_replication_role;
SELECT * FROM changes();

-- A session's lastval() stays its own.
CREATE SEQUENCE ticket;
SELECT nextval('ticket');
INSERT INTO items VALUES (4, 'ticket');
SELECT lastval();

DROP SCHEMA postrider_trap CASCADE;
DROP OWNED BY postrider_writer, postrider_owner;
DROP ROLE postrider_writer, postrider_owner;
