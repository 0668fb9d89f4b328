-- Partitions: rows move, leaves are written directly, and are emptied alone or with all.
\set ECHO none
\set reader `echo "$PG_ABS_SRCDIR/tests/postgresql/log_reader.sql"`
\i :reader
\set ECHO all
CREATE TABLE sales (year int, id int, note text, PRIMARY KEY (year, id)) PARTITION BY RANGE (year);
CREATE TABLE sales_2020 PARTITION OF sales FOR VALUES FROM (2020) TO (2021);
-- The same columns at other places.
CREATE TABLE sales_2021 (dropped int, note text, id int NOT NULL, year int NOT NULL);
ALTER TABLE sales_2021 DROP dropped;
ALTER TABLE sales ATTACH PARTITION sales_2021 FOR VALUES FROM (2021) TO (2022);
CALL capture('sales', 7);

INSERT INTO sales VALUES (2020, 1, 'a'), (2021, 2, 'b'), (2020, 3, 'c'), (2021, 4, 'd');
UPDATE sales SET note = 'moved', year = 2021 WHERE id = 1;
INSERT INTO sales_2020 VALUES (2020, 5, 'direct');
UPDATE sales_2021 SET note = 'direct' WHERE id = 2;
DELETE FROM sales_2021 WHERE id = 4;
SELECT * FROM changes();

-- A partition that comes later has the row trigger as well.
CREATE TABLE sales_2022 PARTITION OF sales FOR VALUES FROM (2022) TO (2023);
INSERT INTO sales VALUES (2022, 6, 'e');
SELECT * FROM changes();

-- A leaf that is emptied leaves the others' rows: what is left has to be read.
TRUNCATE sales_2020;
SELECT * FROM changes();
TRUNCATE sales;
SELECT * FROM changes();

-- A leaf that is captured as a table of its own.
CALL capture('sales_2021', 8);
INSERT INTO sales VALUES (2021, 7, 'f');
SELECT * FROM changes();
BEGIN;
TRUNCATE sales_2021;
INSERT INTO sales VALUES (2021, 8, 'g');
TRUNCATE sales;
COMMIT;
SELECT * FROM changes();

-- Detached and attached again.
ALTER TABLE sales DETACH PARTITION sales_2021;
INSERT INTO sales_2021 (year, id) VALUES (2021, 9);
SELECT * FROM changes();
ALTER TABLE sales ATTACH PARTITION sales_2021 FOR VALUES FROM (2021) TO (2022);
INSERT INTO sales_2021 (year, id) VALUES (2021, 10);
SELECT * FROM changes();

-- A partition of a partition: columns by the places of the table above all, and lost when it is emptied.
CREATE TABLE sales_2023 PARTITION OF sales FOR VALUES FROM (2023) TO (2024) PARTITION BY RANGE (id);
CREATE TABLE sales_2023_a (note text, year int NOT NULL, id int NOT NULL);
ALTER TABLE sales_2023 ATTACH PARTITION sales_2023_a FOR VALUES FROM (0) TO (100);
CREATE TRIGGER emptied AFTER TRUNCATE ON sales_2023_a FOR EACH STATEMENT EXECUTE FUNCTION postrider.capture('7');
INSERT INTO sales VALUES (2023, 11, 'h');
UPDATE sales_2023_a SET note = 'i';
TRUNCATE sales_2023;
SELECT * FROM changes();
