-- Where the peer is not trusted, its task waits until somebody accepts it.
\set ECHO none
\set trusting false
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
CREATE TABLE products (sku text PRIMARY KEY, name text);
INSERT INTO products VALUES ('A-1', 'Apples');
SELECT action, object FROM postrider.declare('TASK prices SEND products TO branch');
\c postrider_branch
CREATE TABLE products (sku text PRIMARY KEY, name text);
:rounds
SELECT offer, state, action FROM postrider.offers;
SELECT peer, state, summary, action FROM postrider.status;
TABLE products;
SELECT * FROM postrider.accept_offer('office.price');
SELECT * FROM postrider.accept_offer('office.prices');
SELECT offer, state FROM postrider.offers;
:rounds
TABLE products;
SELECT replace(postrider.describe(), :'mail', '…') AS describe;
