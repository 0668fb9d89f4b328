-- TRUNCATE, alone and with others.
\set ECHO none
\set reader `echo "$PG_ABS_SRCDIR/tests/postgresql/log_reader.sql"`
\i :reader
\set ECHO all
CREATE TABLE items (id int PRIMARY KEY, note text);
CREATE TABLE parts (id int PRIMARY KEY, item int REFERENCES items);
CALL capture('items', 7);
CALL capture('parts', 8);
INSERT INTO items VALUES (1, 'a');
INSERT INTO parts VALUES (1, 1);
BEGIN;
DELETE FROM parts;
TRUNCATE items CASCADE;
INSERT INTO items VALUES (2, 'b');
COMMIT;
SELECT * FROM changes();
BEGIN;
SAVEPOINT a;
TRUNCATE items, parts;
ROLLBACK TO a;
UPDATE items SET note = 'c';
COMMIT;
SELECT * FROM changes();
