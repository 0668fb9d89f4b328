-- What those scripts in sql/ begin with in which two databases meet: postrider_office and postrider_branch, with a maildir
-- between them, paired; the branch trusts the office's tasks. :rounds lets the mails travel. The script goes on in the
-- office. Databases of a server share its folder for secrets.
SET client_min_messages = warning;
DROP DATABASE IF EXISTS postrider_office;
DROP DATABASE IF EXISTS postrider_branch;
CREATE DATABASE postrider_office;
CREATE DATABASE postrider_branch;
ALTER DATABASE postrider_office SET client_min_messages = warning;
ALTER DATABASE postrider_branch SET client_min_messages = warning;
\set rounds '\\! "$PG_ABS_SRCDIR/tests/postgresql/rounds"'
SELECT '/tmp/postrider_regress_' || current_setting('port') AS mail \gset
SELECT format('rm -rf %1$s && mkdir -p %1$s/tmp %1$s/new %1$s/cur', :'mail') AS make_mail \gset
COPY (SELECT) TO PROGRAM :'make_mail';
\c postrider_office
CREATE EXTENSION postrider;
SELECT count(*) FROM postrider.declare(format('NODE office; PEER branch MAILDIR %L', :'mail')) \gset ignored_
SELECT postrider.invite('branch') AS invitation \gset
\c postrider_branch
CREATE EXTENSION postrider;
SELECT count(*) FROM postrider.declare('NODE branch') \gset ignored_
SELECT count(*) FROM postrider.accept(:'invitation', NULL, :trusting) \gset ignored_
:rounds
\c postrider_office
