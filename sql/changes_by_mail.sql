-- Changes of several tables in one transaction, of keys, and TRUNCATE, as they arrive.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
CREATE TABLE orders (id int PRIMARY KEY, note text);
CREATE TABLE lines (order_id int REFERENCES orders, line int, item text, PRIMARY KEY (order_id, line));
SELECT count(*) FROM postrider.declare('TASK orders SEND orders, lines TO branch CREATE MISSING TABLES');
:rounds
BEGIN;
INSERT INTO orders VALUES (1, 'first'), (2, 'second');
INSERT INTO lines SELECT o, l, 'item' FROM generate_series(1, 2) o, generate_series(1, 3) l;
SAVEPOINT s;
DELETE FROM lines;
ROLLBACK TO s;
UPDATE lines SET line = -line WHERE order_id = 1;
COMMIT;
BEGIN;
DELETE FROM lines WHERE order_id = 2;
DELETE FROM orders WHERE id = 2;
INSERT INTO orders VALUES (3, 'third');
ROLLBACK;
:rounds
\c postrider_branch
TABLE orders ORDER BY id;
TABLE lines ORDER BY order_id, line;
\c postrider_office
TRUNCATE lines;
BEGIN;
UPDATE orders SET id = -1 WHERE id = 1;
UPDATE orders SET id = 1 WHERE id = 2;
UPDATE orders SET id = 2 WHERE id = -1;
COMMIT;
INSERT INTO lines VALUES (1, 1, 'the only one');
:rounds
\c postrider_branch
TABLE orders ORDER BY id;
TABLE lines ORDER BY order_id, line;
