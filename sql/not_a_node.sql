-- A database in which nothing was declared yet.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
\c postgres
DROP DATABASE postrider_branch;
CREATE DATABASE postrider_branch;
\c postrider_branch
SELECT * FROM postrider.version();
CREATE EXTENSION postrider;
SELECT postrider.version();
SELECT replace(postrider.describe(), :'mail', '…') AS describe;
CALL postrider.sync_now();
SELECT postrider.invite('office');
SELECT * FROM postrider.diagnose();
SELECT count(*) FROM postrider.status;
CREATE TABLE items (id int PRIMARY KEY);
INSERT INTO items VALUES (1);
SELECT count(*) FROM postrider.capture_log;
