-- Configuration that was edited in the tables is not used until somebody approves it.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
CREATE TABLE products (sku text PRIMARY KEY, name text);
SELECT count(*) FROM postrider.declare('TASK prices SEND products TO branch CREATE MISSING TABLES');
:rounds
UPDATE postrider.peer_path SET target = target || '/elsewhere';
INSERT INTO products VALUES ('A-1', 'Apples');
CALL postrider.sync_now();
SELECT peer, state, action FROM postrider.status;
UPDATE postrider.peer_path SET target = replace(target, '/elsewhere', '');
CALL postrider.sync_now();
SELECT peer, state FROM postrider.status;
UPDATE postrider.peer SET trust_tasks = 1;
SELECT postrider.approve();
:rounds
\c postrider_branch
TABLE products;
