-- The main job in SQL alone: pairing, an offer, changes, a report; and carrying an envelope by hand.
CREATE TABLE t(id INTEGER PRIMARY KEY, v, w TEXT);
CREATE TABLE typed(id INTEGER PRIMARY KEY, d DECIMAL(10,2), day DATE, at DATETIME, b BOOLEAN, j JSON, u UUID, n VARCHAR(3), r FLOAT);
INSERT INTO typed VALUES(1, 12.5, '2026-11-24', 1795489777, 1, '{}', '12345678-9abc-def0-0102-030405060708', 'longer', 0.1),
  (2, 'much', 20.25, 'now', 'yes', x'00', 7, NULL, 'text'), (3, 9007199254740993, NULL, -1.5, 2, 3, x'ff', 4, 1e300);
INSERT INTO t VALUES(1, 1, 'one'), (2, 2.5, 'two'), (3, x'00ff', NULL), (4, NULL, 'four');
SELECT action, object FROM postrider_declare('NODE a; PEER b MAILDIR ''@DIR@/mail''; TASK all_of_t SEND t, typed TO b;');
SELECT writefile('line.txt', postrider_invite('b')) > 100;

.open b/shop.db
.load ./mod_postrider
CREATE TABLE t(id INTEGER PRIMARY KEY, v, w TEXT);
CREATE TABLE typed(id INTEGER PRIMARY KEY, d DECIMAL(10,2), day DATE, at DATETIME, b BOOLEAN, j JSON, u UUID, n VARCHAR(3), r FLOAT);
SELECT action, object FROM postrider_declare('NODE b;');
SELECT action, object, detail FROM postrider_accept(CAST(readfile('line.txt') AS TEXT));
-- Pasting it twice changes nothing.
SELECT action FROM postrider_accept(CAST(readfile('line.txt') AS TEXT));
SELECT postrider_sync_now();

.open a/shop.db
.load ./mod_postrider
SELECT postrider_sync_now() IS NOT NULL;
.open b/shop.db
.load ./mod_postrider
SELECT postrider_sync_now() IS NOT NULL;
SELECT postrider_sync_now() IS NOT NULL;
-- Not trusted: the offer waits.
SELECT offer, state, action FROM postrider_offers;
SELECT action, object FROM postrider_accept_offer('a.all_of_t');
SELECT postrider_sync_now() IS NOT NULL;
SELECT count(*) FROM t;

.open a/shop.db
.load ./mod_postrider
SELECT postrider_sync_now('b') IS NOT NULL;
.open b/shop.db
.load ./mod_postrider
SELECT postrider_sync_now() IS NOT NULL;
SELECT id, typeof(v), quote(v), w FROM t;
ATTACH 'a/shop.db' AS a;
SELECT count(*) FROM (SELECT id, d, day, at, b, j, u, n, r, typeof(d), typeof(day), typeof(at), typeof(b), typeof(j), typeof(u), typeof(n), typeof(r) FROM main.typed
  INTERSECT SELECT id, d, day, at, b, j, u, n, r, typeof(d), typeof(day), typeof(at), typeof(b), typeof(j), typeof(u), typeof(n), typeof(r) FROM a.typed);
DETACH a;
SELECT postrider_confirm_peer('a', 'wrong words for this');
SELECT postrider_confirm_peer('a', 'zoo zoo zoo zoo');
SELECT peer, message FROM postrider_events WHERE kind = 'words_differ';
SELECT postrider_confirm_peer('a', words) FROM postrider_status;
SELECT peer, state, action FROM postrider_status;

-- Changes by a program that knows nothing of Postrider.
.open a/shop.db
UPDATE t SET v = 1.0 WHERE id = 1;
REPLACE INTO t VALUES(2, 'replaced', 'zwei');
UPDATE t SET id = 30 WHERE id = 3;
DELETE FROM t WHERE id = 4;
INSERT INTO t VALUES(5, 9e999, CAST(x'610062' AS TEXT));
.load ./mod_postrider
SELECT postrider_sync_now() IS NOT NULL;
.open b/shop.db
.load ./mod_postrider
SELECT postrider_sync_now() IS NOT NULL;
SELECT id, typeof(v), quote(v), hex(w) FROM t;
.open a/shop.db
.load ./mod_postrider
SELECT postrider_sync_now() IS NOT NULL;
SELECT peer, state FROM postrider_status;
SELECT direction, number, rows, state FROM postrider_history WHERE stream > 0 ORDER BY number;

-- Revoked: nothing goes out, nothing is taken.
SELECT postrider_revoke('b');
UPDATE t SET w = 'after';
SELECT postrider_sync_now();
SELECT peer, state FROM postrider_status;
