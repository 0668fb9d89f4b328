-- A task that is paused collects and sends nothing; afterwards it is as if it had not been.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
CREATE TABLE products (sku text PRIMARY KEY, name text);
SELECT count(*) FROM postrider.declare('TASK prices SEND products TO branch CREATE MISSING TABLES');
:rounds
SELECT * FROM postrider.declare('PAUSE TASK prices');
INSERT INTO products VALUES ('A-1', 'Apples'), ('B-2', 'Bread');
:rounds
\c postrider_branch
SELECT count(*) FROM products;
\c postrider_office
UPDATE products SET name = 'Bananas' WHERE sku = 'B-2';
SELECT * FROM postrider.declare('RESUME TASK prices');
:rounds
\c postrider_branch
TABLE products ORDER BY sku;
\c postrider_office
SELECT * FROM postrider.declare('PAUSE PEER branch');
INSERT INTO products VALUES ('C-3', 'Cheese');
:rounds
SELECT peer, state FROM postrider.status;
SELECT * FROM postrider.declare('RESUME PEER branch');
:rounds
\c postrider_branch
SELECT count(*) FROM products;
