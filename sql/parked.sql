-- A row that a constraint of the receiver forbids is parked; the others arrive, and it does when it can.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
CREATE TABLE products (sku text PRIMARY KEY, price int);
INSERT INTO products VALUES ('A-1', 5);
SELECT count(*) FROM postrider.declare('TASK prices SEND products TO branch');
\c postrider_branch
CREATE TABLE products (sku text PRIMARY KEY, price int CHECK (price < 100));
:rounds
\c postrider_office
INSERT INTO products VALUES ('B-2', 500), ('C-3', 7), ('D-4', 600);
:rounds
SELECT peer, state, action FROM postrider.status;
\c postrider_branch
TABLE products ORDER BY sku;
SELECT peer, "table", row, change, reason, action ~ 'discard_parked' AS action FROM postrider.parked ORDER BY row;
-- Mended here: it is tried again.
\c postrider_office
UPDATE products SET price = 50 WHERE sku = 'B-2';
:rounds
\c postrider_branch
TABLE products ORDER BY sku;
SELECT id AS parked_id FROM postrider.parked \gset
SELECT postrider.discard_parked(:parked_id);
SELECT count(*) FROM postrider.parked;
