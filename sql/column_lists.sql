-- Some columns of a table, under other names, and columns that are computed.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
CREATE TABLE clients (id int PRIMARY KEY, name text, phone text, born date, secret text);
INSERT INTO clients VALUES (1, 'Ada', '123', '1815-12-10', 'x'), (2, 'Bob', NULL, NULL, 'y');
SELECT action, object FROM postrider.declare('TASK clients SEND clients AS people (id AS number, name, phone,
  (upper(name)) AS shout) TO branch CREATE MISSING TABLES');
SELECT postrider.describe('clients');
:rounds
\c postrider_branch
TABLE people ORDER BY number;
\c postrider_office
UPDATE clients SET name = 'Ben', secret = 'z' WHERE id = 2;
UPDATE clients SET secret = 'nobody hears of it';
DELETE FROM clients WHERE id = 1;
:rounds
\c postrider_branch
TABLE people ORDER BY number;
\c postrider_office
SELECT action, object FROM postrider.declare('TASK clients SEND clients AS people (* EXCEPT secret) TO branch');
