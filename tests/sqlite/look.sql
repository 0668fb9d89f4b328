-- Where something is, whether the node is healthy, the worker thread, and taking everything out again.
PRAGMA journal_mode = wal;
CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE stock(store TEXT NOT NULL, sku TEXT NOT NULL, pieces INTEGER, PRIMARY KEY(store, sku));
SELECT * FROM postrider_explain('b');
SELECT count(*) FROM postrider_declare('NODE a; PEER b MAILDIR ''@DIR@/mail''; TASK all_of_it SEND item, stock TO b;');
SELECT * FROM postrider_explain('nobody');
SELECT direction, station, count, unit, last IS NULL, blocked_by, action FROM postrider_explain('b');
SELECT * FROM postrider_diagnose;

SELECT writefile('line.txt', postrider_invite('b')) > 100;
.open b/shop.db
.load ./mod_postrider
CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE stock(store TEXT NOT NULL, sku TEXT NOT NULL, pieces INTEGER, PRIMARY KEY(store, sku));
SELECT count(*) FROM postrider_declare('NODE b;');
SELECT count(*) FROM postrider_accept(CAST(readfile('line.txt') AS TEXT), NULL, 1);
SELECT postrider_sync_now() IS NOT NULL;
.open a/shop.db
.load ./mod_postrider
SELECT postrider_sync_now() IS NOT NULL;
.open b/shop.db
.load ./mod_postrider
SELECT postrider_sync_now() IS NOT NULL;
.open a/shop.db
.load ./mod_postrider
SELECT postrider_sync_now() IS NOT NULL;
.open b/shop.db
.load ./mod_postrider
SELECT postrider_sync_now() IS NOT NULL;
.open a/shop.db
.load ./mod_postrider
SELECT postrider_sync_now() IS NOT NULL;
.open b/shop.db
.load ./mod_postrider
SELECT postrider_sync_now() IS NOT NULL;
.open a/shop.db
.load ./mod_postrider
SELECT postrider_sync_now() IS NOT NULL;

-- One row on its way.
INSERT INTO item VALUES(7, 'rope');
SELECT * FROM postrider_trace('item', 7);
SELECT direction, station, count, unit, blocked_by, action FROM postrider_explain('b');
SELECT postrider_sync_now() IS NOT NULL;
SELECT * FROM postrider_trace('item', 7);
.open b/shop.db
.load ./mod_postrider
SELECT postrider_sync_now() IS NOT NULL;
SELECT * FROM postrider_trace('item', 7);
.open a/shop.db
.load ./mod_postrider
SELECT postrider_sync_now() IS NOT NULL;
SELECT * FROM postrider_trace('item', 7);
SELECT * FROM postrider_trace('stock', 'B7', 'none');
SELECT * FROM postrider_trace('stock', 'B7');
SELECT * FROM postrider_trace('nothing', 1);
SELECT * FROM postrider_diagnose;

-- The worker thread.
SELECT postrider_start();
SELECT postrider_start();
SELECT postrider_stop();
SELECT postrider_stop();

-- Taking it out. Where that is refused, the worker goes on.
INSERT INTO item VALUES(8, 'lamp');
SELECT postrider_start();
SELECT postrider_uninstall();
SELECT postrider_stop();
SELECT postrider_uninstall(1) LIKE 'everything of Postrider is gone%';
SELECT name FROM sqlite_schema;
INSERT INTO item VALUES(9, 'still an ordinary table');
SELECT postrider_start();
