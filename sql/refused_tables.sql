-- Tables that cannot be captured, and why.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
CREATE TABLE no_key (id int, name text);
CREATE TABLE unique_only (id int NOT NULL UNIQUE, name text);
CREATE UNLOGGED TABLE unlogged (id int PRIMARY KEY);
CREATE TEMPORARY TABLE temporary (id int PRIMARY KEY);
CREATE VIEW seen AS SELECT * FROM unique_only;
CREATE MATERIALIZED VIEW kept AS SELECT * FROM unique_only;
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (PRIMARY KEY (id)) INHERITS (parent);
CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE part PARTITION OF parted FOR VALUES FROM (0) TO (10);
CREATE TABLE "a.b" (id int PRIMARY KEY);
SELECT * FROM postrider.declare('TASK t SEND no_key TO branch');
ALTER TABLE no_key REPLICA IDENTITY FULL;
SELECT * FROM postrider.declare('TASK t SEND no_key TO branch');
-- As the hint says.
ALTER TABLE no_key ALTER COLUMN id SET NOT NULL;
CREATE UNIQUE INDEX no_key_id ON no_key (id);
ALTER TABLE no_key REPLICA IDENTITY USING INDEX no_key_id;
SELECT action, object FROM postrider.plan('TASK t SEND no_key TO branch');
SELECT * FROM postrider.declare('TASK t SEND unlogged TO branch');
SELECT * FROM postrider.declare('TASK t SEND temporary TO branch');
SELECT * FROM postrider.declare('TASK t SEND seen TO branch');
SELECT * FROM postrider.declare('TASK t SEND kept TO branch');
SELECT * FROM postrider.declare('TASK t SEND parent TO branch');
SELECT * FROM postrider.declare('TASK t SEND part TO branch');
SELECT * FROM postrider.declare('TASK t SEND "a.b" TO branch');
SELECT action, object FROM postrider.declare('TASK t SEND unique_only, parted, child TO branch');
