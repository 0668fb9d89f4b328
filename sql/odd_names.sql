-- Names with blanks, quotes, capitals and letters of other alphabets, and words of SQL.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
CREATE TABLE "Order ""x""" ("select" int, "B b" text, "ä" int, PRIMARY KEY ("select", "B b"));
CREATE TABLE "select" (id int PRIMARY KEY, "from" text);
INSERT INTO "Order ""x""" VALUES (1, 'k', 2), (2, 'l', 0);
INSERT INTO "select" VALUES (1, 'here');
SELECT action, object FROM postrider.declare(
    'TASK o SEND "Order ""x""" WHERE ("ä" > 1), "select" AS "table" (id, "from" AS "to") TO branch CREATE MISSING TABLES');
SELECT postrider.describe('o');
:rounds
UPDATE "Order ""x""" SET "B b" = 'l''l';
UPDATE "select" SET "from" = E'back\\slash';
:rounds
\c postrider_branch
TABLE "Order ""x""";
TABLE "table";
