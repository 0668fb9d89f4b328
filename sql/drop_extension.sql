-- Without the extension the tables stay and can be written; made anew, the database is no node yet.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
CREATE TABLE products (sku text PRIMARY KEY, name text);
SELECT count(*) FROM postrider.declare('TASK prices SEND products TO branch');
DROP EXTENSION postrider;
DROP EXTENSION postrider CASCADE;
SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'postrider%';
INSERT INTO products VALUES ('A-1', 'Apples');
CREATE EXTENSION postrider;
SELECT count(*) FROM postrider.status;
SELECT action, object FROM postrider.declare(
    format('NODE office; PEER branch MAILDIR %L; TASK prices SEND products TO branch', :'mail'));
SELECT peer, state FROM postrider.status;
