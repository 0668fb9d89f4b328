-- WHERE in a task: rows come and go with the condition.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
CREATE TABLE products (sku text PRIMARY KEY, name text, price numeric, sold_at text);
INSERT INTO products VALUES ('A', 'Apples', 1, 'here'), ('B', 'Bread', 5, 'here'), ('C', 'Cheese', NULL, 'there');
SELECT action, object FROM postrider.declare('TASK cheap SEND products WHERE (price < 3 OR price IS NULL) TO branch CREATE MISSING TABLES');
:rounds
\c postrider_branch
TABLE products ORDER BY sku;
\c postrider_office
UPDATE products SET price = price + 2;
UPDATE products SET price = 2 WHERE sku = 'B';
UPDATE products SET name = 'Gouda' WHERE sku = 'C';
INSERT INTO products VALUES ('D', 'Dates', 9, 'here'), ('E', 'Eggs', 0.3, 'here');
DELETE FROM products WHERE sku = 'D';
:rounds
\c postrider_branch
TABLE products ORDER BY sku;
\c postrider_office
UPDATE products SET price = 10;
:rounds
\c postrider_branch
TABLE products ORDER BY sku;
