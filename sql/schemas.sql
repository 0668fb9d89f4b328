-- Tables of schemas other than public, here or there.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
CREATE SCHEMA crm;
CREATE TABLE crm.clients (id int PRIMARY KEY, name text);
CREATE TABLE clients (id int PRIMARY KEY, note text);
INSERT INTO crm.clients VALUES (1, 'Ada'), (2, 'Bob');
INSERT INTO clients VALUES (1, 'another table');
SELECT * FROM postrider.declare('TASK clients SEND crm.clients, public.clients TO branch');
SELECT postrider.describe('clients');
\c postrider_branch
CREATE SCHEMA crm;
CREATE TABLE crm.clients (id int PRIMARY KEY, name text);
CREATE TABLE clients (id int PRIMARY KEY, note text);
:rounds
TABLE crm.clients;
TABLE clients;
\c postrider_office
UPDATE crm.clients SET name = 'Eve' WHERE id = 2;
-- Into another schema there, where the table is made.
CREATE TABLE crm.orders (id int PRIMARY KEY, client int REFERENCES crm.clients);
INSERT INTO crm.orders VALUES (7, 1);
SELECT action, object FROM postrider.declare('TASK orders SEND crm.orders AS archive.orders TO branch CREATE MISSING TABLES');
\c postrider_branch
CREATE SCHEMA archive;
:rounds
TABLE crm.clients;
TABLE archive.orders;
SELECT replace(postrider.describe(), :'mail', '…') AS describe;
\c postrider_office
SELECT * FROM postrider.declare('TASK more SEND crm.nothing TO branch');
SELECT * FROM postrider.declare('TASK more SEND crm.client TO branch');
SELECT * FROM postrider.declare('TASK more SEND a.b.c TO branch');
SELECT * FROM postrider.declare('TASK more SEND postrider.node TO branch');
SELECT * FROM postrider.declare('TASK more SEND pg_catalog.pg_class TO branch');
SELECT * FROM postrider.declare('TASK twice SEND crm.orders, "crm".ORDERS TO branch');
SELECT * FROM postrider.declare('TASK twice SEND clients, public.clients TO branch');
