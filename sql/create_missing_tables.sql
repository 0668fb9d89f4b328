-- Tables that the receiver lacks are made as the sender has them: columns, keys, foreign keys, in any order.
\set ECHO none
\set trusting false
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
CREATE TABLE people (id bigint PRIMARY KEY, name varchar(40) NOT NULL, born date, pet uuid, salary numeric(12,2));
CREATE TABLE pets (id uuid PRIMARY KEY, owner bigint NOT NULL REFERENCES people, tags text[], facts jsonb);
ALTER TABLE people ADD FOREIGN KEY (pet) REFERENCES pets DEFERRABLE INITIALLY DEFERRED;
CREATE TABLE visits (person bigint REFERENCES people, at timestamptz, note text DEFAULT 'none', PRIMARY KEY (person, at));
BEGIN;
INSERT INTO people VALUES (1, 'Ada', '1815-12-10', '12345678-9abc-def0-0102-030405060708', 1234.50), (2, 'Bob', NULL, NULL, NULL);
INSERT INTO pets VALUES ('12345678-9abc-def0-0102-030405060708', 1, '{"cat","old, grey"}', '{"age": 7.50}');
INSERT INTO visits VALUES (1, '2026-01-02 03:04:05.678901+00', 'first');
COMMIT;
SELECT action, object FROM postrider.declare('TASK care SEND visits, pets, people TO branch CREATE MISSING TABLES');
CALL postrider.sync_now();
\c postrider_branch
CALL postrider.sync_now();
SELECT offer, ddl FROM postrider.offers;
SELECT action, object FROM postrider.accept_offer('office.care');
:rounds
TABLE people ORDER BY id;
TABLE pets;
TABLE visits;
SELECT conrelid::regclass, pg_get_constraintdef(oid) FROM pg_constraint
 WHERE connamespace = 'public'::regnamespace ORDER BY conrelid::regclass::text, 2;
-- A column that the sender adds later.
\c postrider_office
ALTER TABLE people ADD COLUMN nick text;
UPDATE people SET nick = 'A' WHERE id = 1;
:rounds
\c postrider_branch
SELECT id, nick FROM people ORDER BY id;
