-- Prepared transactions: what is captured is there when they are committed, with a number from before.
\set ECHO none
\set reader `echo "$PG_ABS_SRCDIR/tests/postgresql/log_reader.sql"`
\i :reader
\set ECHO all
CREATE TABLE items (id int PRIMARY KEY, note text);
CALL capture('items', 7);
BEGIN;
INSERT INTO items SELECT g, repeat('x', 100) FROM generate_series(1, 200) g;
SAVEPOINT a;
INSERT INTO items VALUES (300, 'savepoint');
PREPARE TRANSACTION 'first';
INSERT INTO items VALUES (301, 'another');
SELECT change FROM changes();
BEGIN;
INSERT INTO items VALUES (302, 'never');
PREPARE TRANSACTION 'second';
COMMIT PREPARED 'first';
ROLLBACK PREPARED 'second';
SELECT count(*) AS rows, count(flush_number) AS numbers FROM postrider.capture_log;
SELECT count(*) FROM changes();
-- The session goes on as if nothing had been.
INSERT INTO items VALUES (303, 'after');
SELECT * FROM changes();
