-- The task text: what declaring answers, that declaring again changes nothing, and what is told back.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
CREATE TABLE products (sku text PRIMARY KEY, name text, price numeric);
CREATE TABLE orders (id int PRIMARY KEY, placed timestamptz);
SELECT action, object FROM postrider.plan('GROUP shops; PEER branch IN shops; TASK prices SEND products TO shops');
SELECT postrider.describe('prices');
SELECT action, object, detail FROM postrider.declare('TASK prices SEND products TO branch');
SELECT action, object FROM postrider.declare('TASK prices SEND products TO branch');
SELECT postrider.describe('prices');
-- Triggers of ours, which the host's own replication fires too.
SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = 'products'::regclass AND NOT tgisinternal ORDER BY 1;
-- Changed, undone by ROLLBACK.
BEGIN;
SELECT action, object FROM postrider.declare('TASK prices SEND products, orders TO branch');
ROLLBACK;
SELECT postrider.describe('prices');
-- What a text does not name is kept, or with exact dropped.
SELECT action, object FROM postrider.plan('NODE office; TASK sales SEND orders TO branch');
SELECT action, object FROM postrider.plan(format('NODE office; PEER branch MAILDIR %L; TASK sales SEND orders TO branch', :'mail'), true);
SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'postrider%';
