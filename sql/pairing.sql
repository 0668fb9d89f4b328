-- Two databases meet by mail: pairing, an offer, the rows that were there, changes, a report.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
CREATE TABLE products (sku text PRIMARY KEY, name text NOT NULL, price numeric(10,2));
INSERT INTO products VALUES ('A-1', 'Apples', 1.20), ('B-2', 'Bread', 2.50), ('C-3', 'Cheese', NULL);
SELECT peer, state FROM postrider.status;
SELECT action, object FROM postrider.declare('TASK prices SEND products TO branch');
\c postrider_branch
CREATE TABLE products (sku text PRIMARY KEY, name text NOT NULL, price numeric(10,2));
:rounds
SELECT * FROM products ORDER BY sku;
\c postrider_office
UPDATE products SET price = 7 WHERE sku = 'C-3';
UPDATE products SET sku = 'A-2', price = NULL WHERE sku = 'A-1';
DELETE FROM products WHERE sku = 'B-2';
INSERT INTO products VALUES ('D-4', 'Dates', 4.80);
CALL postrider.sync_now();
\c postrider_branch
CALL postrider.sync_now();
SELECT * FROM products ORDER BY sku;
\c postrider_office
CALL postrider.sync_now();
SELECT peer, state, summary ~ '^nothing waits' AS quiet FROM postrider.status;
-- Both read each other the same four words.
\c postrider_branch
SELECT words AS words_there FROM postrider.status \gset
SELECT postrider.confirm_peer('office', 'wrong words for this');
SELECT postrider.confirm_peer('office', 'zoo zoo zoo zoo');
SELECT postrider.confirm_peer('office', :'words_there');
\c postrider_office
SELECT postrider.confirm_peer('branch', :'words_there');
