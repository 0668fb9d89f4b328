-- Each kind of change of a row, as it stands in the log.
\set ECHO none
\set reader `echo "$PG_ABS_SRCDIR/tests/postgresql/log_reader.sql"`
\i :reader
\set ECHO all
CREATE TABLE items (id bigint PRIMARY KEY, name text, price int, weight int);
CALL capture('items', 7);
INSERT INTO items VALUES (1, 'lamp', 20, NULL), (2, NULL, NULL, 5);
UPDATE items SET price = 30 WHERE id = 1;
UPDATE items SET name = NULL, weight = 4 WHERE id = 1;
DELETE FROM items WHERE id = 2;
SELECT * FROM changes();

-- A statement that fails leaves nothing, nor does a transaction that is rolled back.
INSERT INTO items VALUES (3, 'chair', 1, 1), (1, 'twice', 1, 1);
BEGIN;
INSERT INTO items VALUES (4);
ROLLBACK;
SELECT * FROM changes();

-- Old values of columns that a filter looks at; all columns then stand in an UPDATE. Names are quoted, and a column
-- that is not there is left out.
CREATE TABLE orders (id int PRIMARY KEY, "Region, ""old""" text, amount int);
CALL capture('orders', 8, '"Region, ""old""","gone"');
INSERT INTO orders VALUES (1, 'north', 10), (2, NULL, 20);
UPDATE orders SET amount = 11;
UPDATE orders SET "Region, ""old""" = 'south';
DELETE FROM orders;
SELECT * FROM changes();

-- Two captures of a table, and two tables in a transaction.
CALL capture('items', 9, '"price"');
BEGIN;
DELETE FROM items;
INSERT INTO orders VALUES (3);
INSERT INTO items VALUES (5, 'table');
COMMIT;
SELECT * FROM changes();

-- COPY, ON CONFLICT and MERGE.
COPY items FROM stdin WITH (DELIMITER ',', NULL '');
6,bed,1,
\.
INSERT INTO items VALUES (6), (7) ON CONFLICT (id) DO UPDATE SET name = 'sofa';
MERGE INTO items i USING (VALUES (7), (8)) v(id) ON i.id = v.id
    WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id) VALUES (v.id);
SELECT * FROM changes() WHERE change LIKE '% 7 %' OR change LIKE '%  7';

-- Not a trigger, and triggers of other kinds.
SELECT postrider.capture();
CREATE TRIGGER early BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION postrider.capture('1');
INSERT INTO orders VALUES (9);
DROP TRIGGER early ON orders;
CREATE TRIGGER wide AFTER INSERT ON orders FOR EACH STATEMENT EXECUTE FUNCTION postrider.capture('1');
INSERT INTO orders VALUES (9);
DROP TRIGGER wide ON orders;
CREATE TRIGGER unnamed AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION postrider.capture('x');
INSERT INTO orders VALUES (9);
DROP TRIGGER unnamed ON orders;
CREATE TRIGGER unquoted AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION postrider.capture('1', '"id",');
INSERT INTO orders VALUES (9);
