-- Declaring, planning and describing in SQL; what is wrong with a text and with a table.
CREATE TABLE products(sku TEXT PRIMARY KEY NOT NULL, name TEXT, price REAL);
CREATE TABLE log(line TEXT);
CREATE TABLE loose(k TEXT PRIMARY KEY, v);
CREATE TABLE folded(id INTEGER PRIMARY KEY, name TEXT);
CREATE UNIQUE INDEX folded_name ON folded(lower(name));
CREATE VIEW cheap AS SELECT * FROM products WHERE price < 1;

SELECT * FROM postrider_plan('NODE office; PEER branch MAILDIR ''@DIR@/mail''; TASK prices SEND products TO branch;');
SELECT count(*) FROM sqlite_schema WHERE name LIKE 'postrider%';
SELECT * FROM postrider_declare('NODE office; PEER branch MAILDIR ''@DIR@/mail''; TASK prices SEND products TO branch;');
SELECT text FROM postrider_describe;
SELECT text FROM postrider_describe('prices');
SELECT text FROM postrider_describe('nothing');

SELECT * FROM postrider_declare('NODE office; TASK t SEND log TO branch;');
SELECT * FROM postrider_declare('NODE office; TASK t SEND loose TO branch;');
SELECT * FROM postrider_declare('NODE office; TASK t SEND folded TO branch;');
SELECT * FROM postrider_declare('NODE office; TASK t SEND cheap TO branch;');
SELECT * FROM postrider_declare('NODE office; TASK t SEND producs TO branch;');
SELECT * FROM postrider_declare('NODE office; TSK t SEND products TO branch;');
SELECT * FROM postrider_declare('POSTRIDER 2; NODE office;');

-- A declaration inside the caller's transaction goes with it.
BEGIN;
SELECT count(*) > 0 FROM postrider_declare('TASK goods SEND folded TO branch;');
ROLLBACK;
DROP INDEX folded_name;
BEGIN;
SELECT action, object FROM postrider_declare('TASK goods SEND folded TO branch;');
ROLLBACK;
SELECT count(*) FROM postrider_describe WHERE text LIKE '%goods%';

-- Dropping a task takes its triggers away, and the program writes on.
SELECT count(*) FROM sqlite_schema WHERE type = 'trigger';
SELECT * FROM postrider_declare('DROP TASK prices;');
SELECT count(*) FROM sqlite_schema WHERE type = 'trigger';
INSERT INTO products VALUES('A', 'Apples', 1.2);
