-- A file to which a node is attached is not that node, nor do temporary tables make one.
SELECT action, object FROM postrider_declare('NODE shop;');

.open b/new.db
.load ./mod_postrider
ATTACH 'a/shop.db' AS shop;
SELECT postrider_approve();
SELECT action, object FROM postrider_declare('NODE new;');
SELECT name FROM main.postrider_node;
SELECT name FROM shop.postrider_node;
SELECT postrider_approve();

.open b/other.db
.load ./mod_postrider
CREATE TEMP TABLE postrider_schema_version AS SELECT 1 AS one, 1 AS version;
SELECT postrider_approve();
