-- Tables and columns whose names differ in the case of letters alone are different ones.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
CREATE TABLE item (code text PRIMARY KEY, "Code" text);
CREATE TABLE "Item" (id int PRIMARY KEY, name text);
CREATE TABLE line (id int PRIMARY KEY, item_id int REFERENCES "Item");
INSERT INTO item VALUES ('a', 'A');
INSERT INTO "Item" VALUES (1, 'one');
INSERT INTO line VALUES (7, 1);
-- What refers to one of them may travel apart from the other.
SELECT action, object FROM postrider.plan('TASK lines SEND "Item", line TO branch; TASK items SEND item TO branch PRIORITY HIGH');
SELECT action, object FROM postrider.plan('TASK lines SEND line TO branch; TASK items SEND "Item" TO branch PRIORITY HIGH');
-- What is made after it refers to the same one.
SELECT count(*) FROM postrider.declare('TASK lines SEND item, "Item", line TO branch CREATE MISSING TABLES');
:rounds
INSERT INTO "Item" VALUES (2, 'two');
INSERT INTO line VALUES (8, 2);
UPDATE item SET "Code" = 'AA';
:rounds
ALTER TABLE item ADD COLUMN "CODE" int DEFAULT 3;
UPDATE item SET "Code" = 'AAA';
:rounds
\c postrider_branch
SELECT conrelid::regclass, confrelid::regclass, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' AND conrelid = 'line'::regclass;
TABLE item;
TABLE "Item";
TABLE line;
