-- The secret of a node is lost and comes back out of its bundle, whose code is read from a file.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
-- What a statement is answered; folders and numbers of nodes differ from run to run.
CREATE FUNCTION answer(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    given text;
    detail text;
    hint text;
BEGIN
    EXECUTE statement INTO given;
    RETURN given;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN regexp_replace(replace(concat_ws(E'\n', SQLERRM, nullif(detail, ''), nullif(hint, '')),
                                  current_setting('postrider.secret_directory', true), '…'), '[0-9a-f]{32}', 'NODE', 'g');
END $$;
SELECT current_setting('postrider.secret_directory') AS secrets, encode(node_id, 'hex') AS node FROM postrider.node \gset
SELECT format('umask 077; cat > %s/code', :'secrets') AS write_code, format('umask 022; cat > %s/open', :'secrets') AS write_open,
       format('umask 077; cat > %s/wrong', :'secrets') AS write_wrong, :'secrets' || '/code' AS path,
       format('mv %1$s/%2$s.secret %1$s/lost', :'secrets', :'node') AS lose,
       format('rm -f %1$s/code %1$s/open %1$s/wrong %1$s/lost', :'secrets') AS clean \gset
\set ECHO all
CREATE TABLE products (sku text PRIMARY KEY, name text);
SELECT count(*) FROM postrider.declare('TASK prices SEND products TO branch CREATE MISSING TABLES');
:rounds
SELECT bundle, code FROM postrider.export_identity() \gset
COPY (SELECT :'code') TO PROGRAM :'write_code';
COPY (SELECT :'code') TO PROGRAM :'write_open';
COPY (SELECT 'not a code') TO PROGRAM :'write_wrong';
SELECT postrider.import_identity(:'bundle', 'code');
COPY (SELECT) TO PROGRAM :'lose';
INSERT INTO products VALUES ('A-1', 'Apples');
SELECT answer('SELECT postrider.invite(''branch'')');
SELECT regexp_replace(detail, '".*/[0-9a-f]{32}', '"…/NODE') AS detail FROM postrider.diagnose() LIMIT 1;
SELECT "check", health FROM postrider.diagnose();
-- Nothing but the right code, out of a file that nobody else can read.
SELECT answer(format('SELECT postrider.import_identity(%L, %L)', :'bundle', 'nowhere'));
SELECT answer(format('SELECT postrider.import_identity(%L, %L)', :'bundle', 'open'));
SELECT answer(format('SELECT postrider.import_identity(%L, %L)', :'bundle', 'wrong'));
SELECT answer(format('SELECT postrider.import_identity(%L, %L)', 'hello', 'code'));
SELECT answer(format('SELECT postrider.import_identity(%L, %L)', :'bundle', 'folder/code'));
SELECT answer(format('SELECT postrider.import_identity(%L, NULL)', :'bundle'));
-- Other files of the server are for those who may read them anyway.
CREATE ROLE postrider_regress_keeper IN ROLE postrider_admin;
SET ROLE postrider_regress_keeper;
SELECT postrider.import_identity(:'bundle', :'path');
RESET ROLE;
GRANT pg_read_server_files TO postrider_regress_keeper;
SET ROLE postrider_regress_keeper;
SELECT postrider.import_identity(:'bundle', :'path');
RESET ROLE;
SELECT kind FROM postrider.event WHERE kind NOT IN ('paired', 'worker') ORDER BY event_id;
:rounds
SELECT peer, state FROM postrider.status;
\c postrider_branch
TABLE products;
\c postrider_office
COPY (SELECT) TO PROGRAM :'clean';
DROP ROLE postrider_regress_keeper;
