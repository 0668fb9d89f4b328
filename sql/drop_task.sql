-- A task that is dropped: the triggers go, the rows stay on both sides.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
CREATE TABLE products (sku text PRIMARY KEY, name text);
INSERT INTO products VALUES ('A-1', 'Apples');
SELECT count(*) FROM postrider.declare('TASK prices SEND products TO branch CREATE MISSING TABLES');
:rounds
SELECT * FROM postrider.declare('DROP TASK prices');
SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'postrider%';
INSERT INTO products VALUES ('B-2', 'Bread');
SELECT count(*) FROM postrider.capture_log;
:rounds
\c postrider_branch
TABLE products;
SELECT replace(postrider.describe(), :'mail', '…') AS describe;
-- Declared anew, the rows of meanwhile come.
\c postrider_office
DELETE FROM products WHERE sku = 'A-1';
SELECT action, object FROM postrider.declare('TASK prices SEND products TO branch');
:rounds
\c postrider_branch
TABLE products ORDER BY sku;
