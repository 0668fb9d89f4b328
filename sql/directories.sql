-- In which directories maildirs may lie: those that a superuser has named, by where a path really leads.
\set ECHO none
SET client_min_messages = warning;
DROP DATABASE IF EXISTS postrider_office;
DROP DATABASE IF EXISTS postrider_branch;
CREATE DATABASE postrider_office;
CREATE DATABASE postrider_branch;
SELECT '/tmp/postrider_regress_' || current_setting('port') || '_places' AS root \gset
SELECT format('rm -rf %1$s && mkdir -p %1$s/allowed/box %1$s/outside && cd %1$s && ln -s ../outside allowed/link && '
              'ln -s ../nowhere allowed/dangling && ln -s allowed entry && touch allowed/file', :'root') AS make_places,
       'rm -rf ' || :'root' AS remove_places \gset
COPY (SELECT) TO PROGRAM :'make_places';
\c postrider_branch
CREATE EXTENSION postrider;
SELECT count(*) FROM postrider.declare(format('NODE branch; PEER office MAILDIR %L', :'root' || '/outside')) \gset ignored_
SELECT postrider.invite('office') AS invitation \gset
\c postrider_office
CREATE EXTENSION postrider;
SELECT count(*) FROM postrider.declare('NODE office') \gset ignored_
-- What a call is answered, with its SQLSTATE; the folder differs from run to run.
CREATE FUNCTION answer(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    hint text;
    rows bigint;
BEGIN
    EXECUTE statement;
    GET DIAGNOSTICS rows = ROW_COUNT;
    RETURN 'done';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    RETURN regexp_replace(concat_ws(E'\n', SQLSTATE || ' ' || SQLERRM, nullif(hint, '')), '/tmp/postrider_regress_[0-9]+_places', '…', 'g');
END $$;
CREATE FUNCTION declaring(directory text) RETURNS text LANGUAGE sql AS $$
    SELECT answer(format('SELECT postrider.declare(%L)', format('PEER far MAILDIR %L', directory)))
$$;
CREATE ROLE postrider_regress_keeper IN ROLE postrider_admin;
\set ECHO all
-- Where nothing is set, no directory is.
SET ROLE postrider_regress_keeper;
SELECT declaring(:'root' || '/allowed/box');
SELECT answer('SELECT postrider.plan(''PEER far MAILDIR ''''/tmp'''''')');
SET postrider.directories = '/tmp';
SHOW postrider.directories;
RESET ROLE;
SET postrider.directories = 'box, /tmp';
SELECT set_config('postrider.directories', '/nowhere, ' || :'root' || '/allowed', false) <> '' AS is_set;
SET ROLE postrider_regress_keeper;
SELECT declaring(:'root' || '/allowed/box');
SELECT declaring(:'root' || '/allowed');
SELECT declaring(:'root' || '//allowed/./new/box/');
SELECT declaring(:'root' || '/entry/box');
-- Ways out of it.
SELECT declaring(:'root' || '/outside');
SELECT declaring(:'root' || '/allowed_too');
SELECT declaring(:'root' || '/allowed/../outside');
SELECT declaring(:'root' || '/allowed/box/..');
SELECT declaring(:'root' || '/allowed/link');
SELECT declaring(:'root' || '/allowed/link/new');
SELECT declaring(:'root' || '/allowed/dangling');
SELECT declaring(:'root' || '/allowed/dangling/new');
SELECT declaring(:'root' || '/allowed/file/new');
SELECT declaring(:'root');
SELECT declaring('/');
SELECT declaring('allowed/box');
SELECT declaring('');
-- The second path of a peer, and what a line of the other side says, or is said about it.
SELECT answer(format('SELECT postrider.declare(%L)', format(E'PEER far MAILDIR %L,\nMAILDIR %L', :'root' || '/allowed', :'root' || '/outside')));
SELECT answer(format('SELECT postrider.accept(%L)', :'invitation'));
SELECT answer(format('SELECT postrider.accept(%L, %L)', :'invitation', 'maildir:' || :'root' || '/allowed/../outside'));
SELECT answer(format('SELECT postrider.accept(%L, %L)', :'invitation', 'allowed/box'));
SELECT name FROM postrider.describe() text, regexp_matches(text, 'PEER (\w+)', 'g') name;
SELECT answer(format('SELECT postrider.accept(%L, %L)', :'invitation', :'root' || '/allowed/box'));
-- A row that was edited by hand: neither approving nor declaring what it says puts it to use.
RESET ROLE;
UPDATE postrider.peer_path SET target = :'root' || '/outside' WHERE peer_id = (SELECT peer_id FROM postrider.peer WHERE name = 'far');
SET ROLE postrider_regress_keeper;
SELECT answer('SELECT postrider.approve()');
SELECT declaring(:'root' || '/outside');
SELECT answer(format('SELECT postrider.declare(%L)', format('PEER far MAILDIR %L KEEP 5 DAYS', :'root' || '/outside')));
RESET ROLE;
SELECT detail FROM postrider.diagnose() WHERE "check" = 'configuration';
SELECT postrider.approve();
-- Who may write files of the server may name any directory.
GRANT pg_write_server_files TO postrider_regress_keeper;
SET ROLE postrider_regress_keeper;
SELECT answer(format('SELECT postrider.declare(%L)', format('PEER far MAILDIR %L KEEP 5 DAYS', :'root' || '/outside')));
RESET ROLE;
REVOKE pg_write_server_files FROM postrider_regress_keeper;
-- What somebody set before the library was there is not believed.
\c
SET ROLE postrider_regress_keeper;
SET postrider.directories = '/';
SELECT declaring('/tmp');
RESET ROLE;
\set ECHO none
COPY (SELECT) TO PROGRAM :'remove_places';
DROP ROLE postrider_regress_keeper;
