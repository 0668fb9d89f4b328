-- What changes nothing is not noted.
\set ECHO none
\set reader `echo "$PG_ABS_SRCDIR/tests/postgresql/log_reader.sql"`
\i :reader
\set ECHO all
CREATE TABLE items (id int PRIMARY KEY, name text, price numeric, flag bool, photo bytea,
                    doubled int GENERATED ALWAYS AS (id * 2) STORED);
CALL capture('items', 7);
INSERT INTO items VALUES (1, 'a', 1.0, true, NULL), (2, NULL, NULL, NULL, NULL);
SELECT * FROM changes();
UPDATE items SET name = name, price = price, id = id, flag = flag;
UPDATE items SET name = 'a', price = 1.0 WHERE id = 1;
SELECT count(*) FROM postrider.capture_log;

-- Equal by its operator and yet another value.
UPDATE items SET price = 1.00 WHERE id = 1;
UPDATE items SET name = 'a ' WHERE id = 1;
SELECT * FROM changes();

-- The same content, stored in another way: plain, then compressed, then out of line.
ALTER TABLE items ALTER photo SET STORAGE EXTERNAL;
UPDATE items SET photo = convert_to(repeat('x', 1800), 'UTF8') WHERE id = 1;
SELECT count(*) FROM changes();
ALTER TABLE items ALTER photo SET STORAGE MAIN;
UPDATE items SET photo = convert_to(repeat('x', 1800), 'UTF8'), name = 'b' WHERE id = 1;
UPDATE items SET photo = convert_to(repeat('x', 1800), 'UTF8') WHERE id = 1;
SELECT * FROM changes();

-- A transaction of nothing, and one in which what there was has been rolled back.
BEGIN;
UPDATE items SET name = name;
SAVEPOINT a;
INSERT INTO items SELECT g, repeat('x', 100) FROM generate_series(10, 500) g;
ROLLBACK TO a;
COMMIT;
SELECT count(*) FROM postrider.capture_log;
