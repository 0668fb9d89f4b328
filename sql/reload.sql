-- Rows that the receiver lost are sent again.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
CREATE TABLE products (sku text PRIMARY KEY, name text);
INSERT INTO products SELECT 'P' || g, 'product ' || g FROM generate_series(1, 1000) g;
SELECT count(*) FROM postrider.declare('TASK prices SEND products TO branch CREATE MISSING TABLES');
:rounds
\c postrider_branch
SELECT count(*) FROM products;
DELETE FROM products WHERE sku > 'P5';
UPDATE products SET name = 'spoilt' WHERE sku = 'P1';
INSERT INTO products VALUES ('Q', 'only here');
\c postrider_office
:rounds
SELECT postrider.reload('prices', 'branch');
SELECT postrider.reload('prices');
SELECT postrider.reload('prices', 'nobody');
:rounds
SELECT "table", state, rows FROM postrider.progress;
\c postrider_branch
SELECT count(*), count(*) FILTER (WHERE name = 'spoilt') AS spoilt FROM products;
