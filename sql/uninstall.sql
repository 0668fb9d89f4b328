-- The end of a node asks first whether anything waits, and leaves the tables as they are.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
CREATE TABLE products (sku text PRIMARY KEY, name text);
SELECT count(*) FROM postrider.declare('TASK prices SEND products TO branch CREATE MISSING TABLES');
:rounds
INSERT INTO products VALUES ('A-1', 'Apples');
SELECT postrider.uninstall();
CREATE VIEW watched AS SELECT peer, state FROM postrider.status;
SELECT postrider.uninstall(true);
DROP VIEW watched;
-- It is its owner's to drop.
CREATE ROLE postrider_regress_keeper IN ROLE postrider_admin;
SET ROLE postrider_regress_keeper;
SELECT postrider.uninstall(true);
RESET ROLE;
DROP ROLE postrider_regress_keeper;
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'products'::regclass;
:rounds
SELECT postrider.uninstall();
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'products'::regclass;
SELECT count(*) FROM pg_extension WHERE extname = 'postrider';
INSERT INTO products VALUES ('B-2', 'Bread');
TABLE products;
