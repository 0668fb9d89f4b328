-- What tells rows apart: a changed key, keys of several columns, other indexes, none.
\set ECHO none
\set reader `echo "$PG_ABS_SRCDIR/tests/postgresql/log_reader.sql"`
\i :reader
\set ECHO all
-- A changed key is the end of one row and the beginning of another.
CREATE TABLE items (id int PRIMARY KEY, name text, price int);
CALL capture('items', 7, '"price"');
INSERT INTO items VALUES (1, 'lamp', 20);
UPDATE items SET id = 2, price = 30;
SELECT * FROM changes();

-- The order of the index, not that of the columns.
CREATE TABLE stock (place text, item int, amount int, PRIMARY KEY (item, place) INCLUDE (amount));
CALL capture('stock', 8);
INSERT INTO stock VALUES ('cellar', 1, 5);
UPDATE stock SET amount = 6;
SELECT key, row_values FROM records();
UPDATE stock SET place = 'attic';
DELETE FROM stock;
SELECT * FROM changes();

-- Equal by the operator, and still another key.
CREATE TABLE rates (rate numeric PRIMARY KEY, name text);
CALL capture('rates', 9);
INSERT INTO rates VALUES (1.0, 'a');
UPDATE rates SET rate = 1.00;
SELECT operation, row_values FROM records();

-- No primary key: the replica identity, else the oldest of the indexes that would do, else nothing.
CREATE TABLE plain (a int, b int NOT NULL, c int NOT NULL, d text);
CALL capture('plain', 10);
CREATE UNIQUE INDEX plain_a ON plain (a);
CREATE UNIQUE INDEX plain_part ON plain (b) WHERE b > 0;
CREATE UNIQUE INDEX plain_expression ON plain ((b + 1));
ALTER TABLE plain ADD CONSTRAINT plain_late UNIQUE (b) DEFERRABLE;
INSERT INTO plain VALUES (1, 1, 1, 'lost'), (2, 2, 2, 'lost');
UPDATE plain SET d = 'lost';
DELETE FROM plain WHERE a = 2;
SELECT * FROM changes();
BEGIN;
DELETE FROM plain;
SAVEPOINT a;
INSERT INTO plain VALUES (1, 1, 1, 'lost');
INSERT INTO plain VALUES (2, 2, 2, 'lost');
ROLLBACK TO a;
INSERT INTO plain VALUES (3, 3, 3, 'lost');
COMMIT;
SELECT * FROM changes();
CREATE UNIQUE INDEX plain_c ON plain (c);
CREATE UNIQUE INDEX plain_bc ON plain (b, c);
INSERT INTO plain VALUES (4, 4, 4, 'by c');
SELECT key, row_values FROM records();
ALTER TABLE plain REPLICA IDENTITY USING INDEX plain_bc;
UPDATE plain SET d = 'by b and c';
SELECT key, row_values FROM records();
ALTER TABLE plain ALTER a SET NOT NULL, ADD PRIMARY KEY (a);
DELETE FROM plain WHERE a = 4;
SELECT * FROM changes();

-- A generated column that is in the key is told, another one is not.
CREATE TABLE made (a int, twice int GENERATED ALWAYS AS (a * 2) STORED PRIMARY KEY,
                   thrice int GENERATED ALWAYS AS (a * 3) STORED);
CALL capture('made', 11);
INSERT INTO made VALUES (1);
UPDATE made SET a = 2;
SELECT * FROM changes();

-- Foreign keys: what a cascade changes is noted behind its cause.
CREATE TABLE parents (id int PRIMARY KEY);
CREATE TABLE children (id int PRIMARY KEY, parent int REFERENCES parents ON DELETE CASCADE ON UPDATE CASCADE);
CALL capture('parents', 12);
CALL capture('children', 13);
INSERT INTO parents VALUES (1), (2);
INSERT INTO children VALUES (10, 1), (20, 2);
SELECT count(*) FROM changes();
UPDATE parents SET id = 3 WHERE id = 1;
DELETE FROM parents WHERE id = 2;
SELECT * FROM changes();
