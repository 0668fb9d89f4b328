-- A trigger that came with a dump into a database where nothing was declared notes nothing.
\set ECHO none
\set reader `echo "$PG_ABS_SRCDIR/tests/postgresql/log_reader.sql"`
\i :reader
\set ECHO all
CREATE TABLE items (id int PRIMARY KEY, name text);
CALL capture('items', 7);
DELETE FROM postrider.capture WHERE capture_id = 7;
INSERT INTO items VALUES (1, 'tea');
TRUNCATE items;
SELECT count(*) FROM postrider.capture_log;
-- Declared, its triggers are made anew.
INSERT INTO postrider.capture (capture_id, table_name, fingerprint) VALUES (7, 'items', '');
DROP TRIGGER postrider_capture_7 ON items;
DROP TRIGGER postrider_capture_7_truncate ON items;
CALL capture('items', 7);
INSERT INTO items VALUES (1, 'tea');
SELECT count(*) FROM postrider.capture_log;
