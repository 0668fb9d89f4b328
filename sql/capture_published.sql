-- A host that publishes all of its tables: the log can be taken, and subscribers hear nothing of it.
\set ECHO none
\set reader `echo "$PG_ABS_SRCDIR/tests/postgresql/log_reader.sql"`
\i :reader
\set ECHO all
SET client_min_messages = error;
CREATE TABLE items (id int PRIMARY KEY, note text);
CALL capture('items', 7);
CREATE PUBLICATION everything FOR ALL TABLES;
SELECT slot_name FROM pg_create_logical_replication_slot('postrider_regress', 'pgoutput');
INSERT INTO items VALUES (1, 'a');
INSERT INTO items SELECT g, repeat('x', 100) FROM generate_series(2, 200) g;
DELETE FROM postrider.capture_log;
SELECT count(*) FROM changes();
SELECT count(*) FROM postrider.capture_log;
SET synchronous_commit = on;
UPDATE items SET note = 'b' WHERE id = 1;
-- Messages: I is an insertion, R tells of a table.
SELECT count(*) FILTER (WHERE get_byte(data, 0) = ascii('I')) AS insertions,
       count(*) FILTER (WHERE position('capture_log'::bytea IN data) > 0) AS of_log
  FROM pg_logical_slot_get_binary_changes('postrider_regress', NULL, NULL, 'proto_version', '1',
                                          'publication_names', 'everything');
SELECT pg_drop_replication_slot('postrider_regress');
DROP PUBLICATION everything;
