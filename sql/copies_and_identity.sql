-- A node ends, is copied, goes on elsewhere: revoked, replaced, claimed, under a new name.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
CREATE TABLE products (sku text PRIMARY KEY, name text);
SELECT count(*) FROM postrider.declare('TASK prices SEND products TO branch CREATE MISSING TABLES');
:rounds
SELECT substr(bundle, 1, 20) AS bundle, length(code) FROM postrider.export_identity();
SELECT postrider.claim_identity();
INSERT INTO products VALUES ('A-1', 'Apples');
:rounds
SELECT peer, state FROM postrider.status;
\c postrider_branch
TABLE products;
-- A copy of the database is not the node.
\c postgres
CREATE DATABASE postrider_copy TEMPLATE postrider_office;
\c postrider_copy
DO $$
BEGIN
    PERFORM postrider.pending('branch');
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING '%', split_part(SQLERRM, ':', 1);
END $$;
SELECT action, object FROM postrider.new_identity('depot');
SELECT replace(postrider.describe(), :'mail', '…') AS describe;
CALL postrider.sync_now();
\c postrider_office
DROP DATABASE postrider_copy;
SELECT postrider.revoke('branch');
INSERT INTO products VALUES ('B-2', 'Bread');
:rounds
SELECT peer, state, action FROM postrider.status;
SELECT postrider.replace_peer('branch') LIKE 'postrider1:%' AS line;
