-- What the views show of a task at work.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
CREATE TABLE products (sku text PRIMARY KEY, name text);
INSERT INTO products VALUES ('A-1', 'Apples'), ('B-2', 'Bread');
SELECT count(*) FROM postrider.declare('TASK prices SEND products TO branch CREATE MISSING TABLES');
:rounds
INSERT INTO products VALUES ('C-3', 'Cheese');
SELECT peer, state, action FROM postrider.status;
SELECT direction, station, count, unit FROM postrider.explain('branch') WHERE count > 0;
:rounds
SELECT peer, state, action FROM postrider.status;
SELECT peer, direction, stream, number, rows, state FROM postrider.history WHERE stream > 0 ORDER BY number;
SELECT task, "table", peer, state, rows FROM postrider.progress;
SELECT peer, kind, message FROM postrider.events WHERE message NOT LIKE 'paired with%' ORDER BY happened;
SELECT * FROM postrider.parked;
SELECT * FROM postrider.refused;
SELECT * FROM postrider.schema_differences;
SELECT "check", health, action FROM postrider.diagnose();
\c postrider_branch
SELECT peer, direction, stream, number, rows, state FROM postrider.history WHERE stream > 0 ORDER BY number;
SELECT offer, state FROM postrider.offers;
