-- A peer offers a table that is otherwise here: it says what is missing, and takes the task when that is mended.
\set ECHO none
\set trusting false
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
CREATE TABLE products (sku text PRIMARY KEY, name text, price numeric);
CREATE TABLE orders (id int PRIMARY KEY, note text);
CREATE TABLE stock (id int, place text, PRIMARY KEY (id, place));
INSERT INTO products VALUES ('A-1', 'Apples', 1.5);
SELECT count(*) FROM postrider.declare('TASK prices SEND products TO branch; TASK orders SEND orders TO branch; TASK stock SEND stock TO branch');
\c postrider_branch
CREATE TABLE products (sku text PRIMARY KEY, name text);
CREATE VIEW orders AS SELECT 1 AS id, 'x' AS note;
CREATE TABLE stock (id int PRIMARY KEY, place text);
:rounds
SELECT offer, state FROM postrider.offers ORDER BY offer;
SELECT * FROM postrider.accept_offer('office.prices');
SELECT * FROM postrider.accept_offer('office.orders');
SELECT * FROM postrider.accept_offer('office.stock');
SELECT offer, state FROM postrider.offers ORDER BY offer;
ALTER TABLE products ADD COLUMN price date;
SELECT action, object FROM postrider.accept_offer('office.prices');
:rounds
TABLE products;
SELECT "table", reason FROM postrider.parked;
ALTER TABLE products ALTER COLUMN price TYPE numeric USING NULL;
:rounds
SELECT postrider.retry_parked();
TABLE products;
