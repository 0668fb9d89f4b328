-- Conditions that look at who the rows go to.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
CREATE TABLE orders (id int PRIMARY KEY, shop text, amount int);
INSERT INTO orders VALUES (1, 'B7', 10), (2, 'B8', 20), (3, NULL, 30);
SELECT count(*) FROM postrider.declare('TASK orders SEND orders WHERE (shop = PEER.code) TO branch CREATE MISSING TABLES');
SELECT action, object FROM postrider.declare(format('PEER branch (code = ''B7'') MAILDIR %L; '
  'TASK orders SEND orders WHERE (shop = PEER.code) TO branch CREATE MISSING TABLES', :'mail'));
:rounds
\c postrider_branch
TABLE orders ORDER BY id;
\c postrider_office
UPDATE orders SET shop = 'B7' WHERE id = 3;
UPDATE orders SET shop = 'B8' WHERE id = 1;
:rounds
\c postrider_branch
TABLE orders ORDER BY id;
-- The peer moves.
\c postrider_office
SELECT action, object FROM postrider.declare(format('PEER branch (code = ''B8'') MAILDIR %L', :'mail'));
:rounds
\c postrider_branch
TABLE orders ORDER BY id;
