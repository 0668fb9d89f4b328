-- Tables that change while they are captured, also within a transaction.
\set ECHO none
\set reader `echo "$PG_ABS_SRCDIR/tests/postgresql/log_reader.sql"`
\i :reader
\set ECHO all
CREATE TABLE items (id int PRIMARY KEY, name text, price int);
CALL capture('items', 7, '"price"');
BEGIN;
INSERT INTO items VALUES (1, 'a', 10);
ALTER TABLE items ADD weight int DEFAULT 5;
UPDATE items SET name = 'b';
INSERT INTO items VALUES (2, 'c', 20, 6);
ALTER TABLE items DROP name;
UPDATE items SET weight = 7 WHERE id = 1;
ALTER TABLE items RENAME price TO cost;
UPDATE items SET cost = 30 WHERE id = 1;
ALTER TABLE items RENAME cost TO price;
ALTER TABLE items ALTER weight TYPE text;
UPDATE items SET weight = 'heavy' WHERE id = 1;
COMMIT;
SELECT * FROM changes();

-- What is undone with a savepoint.
BEGIN;
SAVEPOINT a;
ALTER TABLE items ADD colour text;
UPDATE items SET colour = 'red' WHERE id = 1;
ROLLBACK TO a;
UPDATE items SET price = 31 WHERE id = 1;
COMMIT;
SELECT * FROM changes();

-- Types that change below a column, and a value that was never written.
CREATE TYPE colour AS ENUM ('red', 'green');
ALTER TABLE items ADD tint colour DEFAULT 'red';
UPDATE items SET price = 32 WHERE id = 1;
ALTER TYPE colour RENAME VALUE 'red' TO 'crimson';
UPDATE items SET price = 33 WHERE id = 1;
SELECT * FROM changes();

-- A key that is dropped and made anew.
ALTER TABLE items DROP CONSTRAINT items_pkey;
UPDATE items SET price = 34 WHERE id = 1;
ALTER TABLE items ADD PRIMARY KEY (id, price);
UPDATE items SET weight = 'light' WHERE id = 1;
SELECT * FROM changes();

-- Renamed, moved, rewritten.
ALTER TABLE items RENAME TO goods;
CREATE SCHEMA look_store;
ALTER TABLE goods SET SCHEMA look_store;
VACUUM FULL look_store.goods;
UPDATE look_store.goods SET weight = 'lighter' WHERE id = 1;
SELECT * FROM changes();
DROP SCHEMA look_store CASCADE;

-- The trigger is made anew with other kept columns.
CREATE TABLE items (id int PRIMARY KEY, a int, b int);
CALL capture('items', 8, '"a"');
BEGIN;
INSERT INTO items VALUES (1, 1, 1);
DROP TRIGGER postrider_capture_8 ON items;
CREATE TRIGGER postrider_capture_8 AFTER INSERT OR DELETE OR UPDATE ON items
    FOR EACH ROW EXECUTE FUNCTION postrider.capture('8', '"b"');
UPDATE items SET a = 2, b = 2;
COMMIT;
SELECT * FROM changes();

-- The log itself is rewritten.
INSERT INTO items VALUES (2, 2, 2);
VACUUM FULL postrider.capture_log;
INSERT INTO items VALUES (3, 3, 3);
SELECT * FROM changes();
-- The extension is dropped while there is something to write.
BEGIN;
INSERT INTO items VALUES (4, 4, 4);
DROP EXTENSION postrider CASCADE;
COMMIT;
CREATE EXTENSION postrider;
INSERT INTO postrider.capture (capture_id, table_name, fingerprint) VALUES (9, 'items', '');
CREATE TRIGGER again AFTER INSERT ON items FOR EACH ROW EXECUTE FUNCTION postrider.capture('9');
INSERT INTO items VALUES (5, 5, 5);
SELECT * FROM changes();
