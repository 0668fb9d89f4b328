-- Large values: an unchanged one is neither read nor written, a changed one arrives whole.
\set ECHO none
\set reader `echo "$PG_ABS_SRCDIR/tests/postgresql/log_reader.sql"`
\i :reader
\set ECHO all
CREATE TABLE photos (id int PRIMARY KEY, name text, content bytea);
ALTER TABLE photos ALTER content SET STORAGE EXTERNAL;
CALL capture('photos', 7);
CREATE FUNCTION look.noise(seed int, size int) RETURNS bytea LANGUAGE sql IMMUTABLE AS
$$ SELECT substring(decode(string_agg(md5(seed::text || '/' || g), ''), 'hex') FOR size)
     FROM generate_series(1, size / 16 + 1) g $$;

INSERT INTO photos VALUES (1, 'sea', look.noise(1, 10000000));
SELECT max(length(content)) <= 8064 AS fits, count(*) FILTER (WHERE get_byte(content, 0) = 0) AS begun,
       count(*) FROM postrider.capture_log;
SELECT (SELECT md5(content) FROM photos) = md5(decode(row_values ->> '3', 'hex')) AS whole,
       length(row_values ->> '3') / 2 AS bytes FROM records();

UPDATE photos SET name = 'lake';
SELECT sum(length(content)) < 1000 AS small FROM postrider.capture_log;
SELECT * FROM changes();

-- Written anew with the same content.
UPDATE photos SET content = look.noise(1, 10000000);
SELECT * FROM changes();

UPDATE photos SET content = look.noise(2, 10000000), name = 'pond';
SELECT (SELECT md5(content) FROM photos) = md5(decode(row_values ->> '3', 'hex')) AS whole FROM records();
UPDATE photos SET content = look.noise(3, 10000000) WHERE id = 2;
DELETE FROM photos;
SELECT * FROM changes();

-- Among small rows, in savepoints, and with sizes about that of a chunk.
CREATE TABLE items (id int PRIMARY KEY, note text);
CALL capture('items', 8);
BEGIN;
INSERT INTO items VALUES (1, 'before');
SAVEPOINT a;
INSERT INTO items VALUES (2, repeat('a', 30000));
SAVEPOINT b;
INSERT INTO items VALUES (3, repeat('b', 30000));
ROLLBACK TO b;
INSERT INTO items VALUES (4, 'after'), (5, repeat('c', 20000));
RELEASE a;
INSERT INTO items VALUES (6, 'last');
COMMIT;
SELECT * FROM differences('items');
INSERT INTO items SELECT g, repeat('d', g) FROM generate_series(7900, 8200) g;
SELECT max(length(content)) AS fullest FROM postrider.capture_log;
SELECT * FROM differences('items');
SELECT count(*) FROM state;

-- What comes after a large row of an inner level stands behind it.
BEGIN;
INSERT INTO items VALUES (10, 'outer');
SAVEPOINT a;
INSERT INTO items VALUES (11, repeat('e', 30000));
RELEASE a;
UPDATE items SET note = 'small' WHERE id = 11;
COMMIT;
SELECT * FROM differences('items');

-- More columns than a chunk has room for in its layout.
DO $$
BEGIN
    EXECUTE 'CREATE TABLE shop.wide (id int PRIMARY KEY, ' ||
            (SELECT string_agg('c' || g || ' numeric', ', ') FROM generate_series(2, 1600) g) || ')';
END $$;
CALL capture('wide', 9);
INSERT INTO wide (id, c1600) VALUES (1, 2), (2, 3);
UPDATE wide SET c7 = 1 WHERE id = 2;
SELECT operation, (SELECT count(*) FROM jsonb_object_keys(row_values)) AS given,
       row_values -> '1' AS id, row_values -> '1600' AS last FROM records();
