-- A table of a task is altered, dropped, renamed and made anew.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
CREATE TABLE products (sku text PRIMARY KEY, name text);
CREATE TABLE orders (id int PRIMARY KEY, note text);
INSERT INTO products VALUES ('A-1', 'Apples');
INSERT INTO orders VALUES (1, 'first');
SELECT count(*) FROM postrider.declare('TASK prices SEND products TO branch CREATE MISSING TABLES;
  TASK orders SEND orders TO branch CREATE MISSING TABLES');
:rounds
-- Here first: the column waits for the other side.
ALTER TABLE products ADD COLUMN price int;
UPDATE products SET price = 3;
:rounds
\c postrider_branch
TABLE products;
\c postrider_office
ALTER TABLE products DROP COLUMN name;
INSERT INTO products VALUES ('B-2', 5);
:rounds
\c postrider_branch
TABLE products ORDER BY sku;
-- Gone; the other table goes on.
\c postrider_office
DROP TABLE products;
UPDATE orders SET note = 'changed';
:rounds
SELECT "check", health, detail FROM postrider.diagnose() WHERE health <> 'good';
SELECT peer, state FROM postrider.status;
\c postrider_branch
TABLE orders;
TABLE products ORDER BY sku;
\c postrider_office
CREATE TABLE products (sku text PRIMARY KEY, price int);
INSERT INTO products VALUES ('C-3', 7);
-- Who made it again says again that it may be read.
SELECT action FROM postrider.diagnose() WHERE "check" = 'rights on tables' \gexec
:rounds
\c postrider_branch
TABLE products ORDER BY sku;
\c postrider_office
ALTER TABLE orders RENAME TO bookings;
INSERT INTO bookings VALUES (2, 'second');
:rounds
SELECT "check", health, detail FROM postrider.diagnose() WHERE health <> 'good';
\c postrider_branch
TABLE orders;
