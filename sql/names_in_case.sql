-- Tables and columns whose names differ in the case of letters alone are different ones.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
CREATE TABLE item (id int PRIMARY KEY, code text, "Code" text);
CREATE TABLE "Item" (id int PRIMARY KEY);
CREATE TABLE line (id int PRIMARY KEY, item_id int REFERENCES "Item");
INSERT INTO item VALUES (1, 'a', 'A');
INSERT INTO "Item" VALUES (5);
INSERT INTO line VALUES (7, 5);
-- What refers to one of them may travel apart from the other.
SELECT action, object FROM postrider.plan('TASK lines SEND line TO branch; TASK items SEND "Item" TO branch PRIORITY HIGH');
SELECT action, object FROM postrider.plan('TASK lines SEND line TO branch; TASK items SEND item TO branch PRIORITY HIGH');
-- What is made after it does not refer to the other.
SELECT count(*) FROM postrider.declare('TASK lines SEND item, line TO branch CREATE MISSING TABLES');
:rounds
UPDATE item SET "Code" = 'AA';
:rounds
ALTER TABLE item ADD COLUMN "CODE" int DEFAULT 3;
UPDATE item SET code = 'aa';
:rounds
SELECT peer, state FROM postrider.status;
\c postrider_branch
SELECT conrelid::regclass, contype, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid IN ('line'::regclass, 'item'::regclass) ORDER BY 1;
TABLE item;
TABLE line;
