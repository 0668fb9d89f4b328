-- What is wrong in a task text is told with its place and the way out; nothing is done.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
CREATE TABLE products (sku text PRIMARY KEY, name text);
SELECT * FROM postrider.declare('TSK prices SEND products TO branch');
SELECT * FROM postrider.declare('TASK prices SEND producs TO branch');
SELECT * FROM postrider.declare('TASK prices SEND products TO brnch');
SELECT * FROM postrider.declare('TASK prices SEND products (sku, nme) TO branch');
SELECT * FROM postrider.declare('TASK prices SEND products WHERE (name LIKE ''A%'' TO branch');
SELECT * FROM postrider.declare('TASK prices SEND products WHERE (nme = ''A'') TO branch');
SELECT * FROM postrider.declare('TASK prices SEND products WHERE (random() < 0.5) TO branch');
SELECT * FROM postrider.declare('TASK prices SYNC products WITH branch');
SELECT * FROM postrider.declare('PEER far MAIL ''far@example.com''');
SELECT * FROM postrider.declare('NODE office; NODE office');
SELECT * FROM postrider.declare(NULL);
SELECT * FROM postrider.declare('');
SELECT postrider.describe('nothing');
SELECT postrider.invite('nobody');
SELECT postrider.invite('branch');
SELECT * FROM postrider.accept('postrider1:abcdefgh');
SELECT * FROM postrider.accept('hello');
SELECT * FROM postrider.accept_offer('a.b');
SELECT postrider.reload('nothing');
SELECT postrider.revoke('nobody');
SELECT postrider.discard_parked(1);
SELECT * FROM postrider.explain('nobody');
SELECT * FROM postrider.pending('nobody');
SELECT postrider.receive('\x00');
SELECT * FROM postrider.inspect('not an envelope');
BEGIN;
CALL postrider.sync_now();
ROLLBACK;
CALL postrider.sync_now('nobody');
SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'postrider%';
ALTER SYSTEM SET postrider.databases = 'shop books';
ALTER SYSTEM SET postrider.no_such_setting = 'x';
SELECT * FROM postrider.accept(NULL);
SELECT * FROM postrider.trace('products');
SELECT * FROM postrider.trace('products', 'a', 'b');
SELECT * FROM postrider.trace('nothing', 'a');
SELECT postrider.confirm_peer('nobody', 'bus grant man rabbit');
SELECT postrider.new_identity('branch');
SELECT postrider.import_identity('postrider-identity1:AAAA', '');
