-- What postrider_admin, postrider_monitor and everybody else may do.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
CREATE TABLE products (sku text PRIMARY KEY, name text);
SELECT count(*) FROM postrider.declare('TASK prices SEND products TO branch');
SELECT string_agg(p.oid::regproc::text, ', ' ORDER BY p.proname) FROM pg_proc p
 WHERE pronamespace = 'postrider'::regnamespace AND has_function_privilege('public', oid, 'EXECUTE');
SELECT string_agg(p.oid::regproc::text, ', ' ORDER BY p.proname) FROM pg_proc p
 WHERE pronamespace = 'postrider'::regnamespace AND has_function_privilege('postrider_monitor', oid, 'EXECUTE');
SELECT string_agg(p.oid::regproc::text, ', ' ORDER BY p.proname) FROM pg_proc p
 WHERE pronamespace = 'postrider'::regnamespace AND NOT has_function_privilege('postrider_admin', oid, 'EXECUTE');
SELECT string_agg(relname, ', ' ORDER BY relname) FROM pg_class
 WHERE relnamespace = 'postrider'::regnamespace AND relkind IN ('r', 'v') AND has_table_privilege('postrider_monitor', oid, 'SELECT');
SELECT count(*) FROM pg_class WHERE relnamespace = 'postrider'::regnamespace AND relkind IN ('r', 'v', 'S')
   AND (has_table_privilege('postrider_admin', oid, 'INSERT, UPDATE, DELETE, TRUNCATE') OR has_table_privilege('public', oid, 'SELECT'));
CREATE TABLE wages (id int PRIMARY KEY);
CREATE ROLE postrider_regress_clerk;
CREATE ROLE postrider_regress_keeper IN ROLE postrider_admin;
CREATE ROLE postrider_regress_watcher IN ROLE postrider_monitor;
GRANT SELECT, INSERT, UPDATE ON products TO postrider_regress_clerk;
-- Whoever may write is captured, and needs to know nothing.
SET ROLE postrider_regress_clerk;
INSERT INTO products VALUES ('A-1', 'Apples');
SELECT count(*) FROM postrider.capture_log;
SELECT * FROM postrider.status;
SELECT * FROM postrider.take_captured();
SELECT postrider.describe('prices');
SET ROLE postrider_regress_watcher;
SELECT peer FROM postrider.status;
SELECT postrider.version();
SELECT postrider.describe('prices');
CALL postrider.sync_now();
SET ROLE postrider_regress_keeper;
SELECT postrider.describe('prices');
CALL postrider.sync_now();
SELECT * FROM postrider.take_captured();
TABLE postrider.node;
-- What becomes of a table is for its owner to say.
SELECT action FROM postrider.plan('TASK pay SEND wages TO branch;');
RESET ROLE;
DROP OWNED BY postrider_regress_clerk;
DROP ROLE postrider_regress_clerk, postrider_regress_keeper, postrider_regress_watcher;
