-- What a savepoint has captured lives and dies with it, and the order is that of the changes.
\set ECHO none
\set reader `echo "$PG_ABS_SRCDIR/tests/postgresql/log_reader.sql"`
\i :reader
\set ECHO all
CREATE TABLE items (id int PRIMARY KEY, note text);
CALL capture('items', 7);
CREATE PROCEDURE look.add(first int, last int) LANGUAGE sql AS
$$ INSERT INTO items SELECT g, repeat('x', 80) FROM generate_series(first, last) g $$;

-- One rolled back, one released.
BEGIN;
CALL look.add(1, 1);
SAVEPOINT a;
CALL look.add(2, 2);
ROLLBACK TO a;
CALL look.add(3, 3);
RELEASE a;
CALL look.add(4, 4);
COMMIT;
SELECT substr(change, 1, 20) FROM changes();
DELETE FROM items;
SELECT FROM changes();

-- More than a chunk within a savepoint that is rolled back, with changes before it that are not.
BEGIN;
CALL look.add(1, 10);
SAVEPOINT a;
CALL look.add(100, 400);
ROLLBACK TO a;
CALL look.add(11, 11);
COMMIT;
SELECT * FROM differences('items');
SELECT count(*) FROM state;

-- Chunks of outer levels do not go down with an inner one, however deep.
BEGIN;
CALL look.add(1000, 1200);
SAVEPOINT a;
CALL look.add(2000, 2200);
SAVEPOINT b;
CALL look.add(3000, 3200);
SAVEPOINT c;
CALL look.add(4000, 4200);
RELEASE c;
UPDATE items SET note = 'b' WHERE id BETWEEN 1000 AND 1100;
ROLLBACK TO b;
CALL look.add(3000, 3001);
RELEASE a;
UPDATE items SET note = 'outer' WHERE id BETWEEN 1100 AND 1150 OR id BETWEEN 2100 AND 2150;
COMMIT;
SELECT * FROM differences('items');
SELECT count(*) FROM state;

-- A row that is changed at each level in turn.
BEGIN;
UPDATE items SET note = '0' WHERE id = 1;
SAVEPOINT a;
UPDATE items SET note = '1' WHERE id = 1;
SAVEPOINT b;
UPDATE items SET note = '2' WHERE id = 1;
RELEASE b;
UPDATE items SET note = '3' WHERE id = 1;
RELEASE a;
UPDATE items SET note = '4' WHERE id = 1;
COMMIT;
SELECT change FROM changes();
UPDATE state SET content = content || '{"2": "34"}' WHERE key = '00000001';

-- Exception blocks: each row its own, some of which fail; more than a chunk of each.
DO $$
BEGIN
    FOR i IN 5000 .. 5999 LOOP
        BEGIN
            INSERT INTO shop.items VALUES (i, repeat('y', 50));
            IF i % 3 = 0 THEN
                PERFORM 1 / 0;
            END IF;
        EXCEPTION WHEN division_by_zero THEN
            UPDATE shop.items SET note = 'failed ' || i WHERE id = i - 1;
        END;
    END LOOP;
END $$;
SELECT count(*) < 30 AS packed, bool_and(length(content) <= 8064) AS fits FROM postrider.capture_log;
SELECT * FROM differences('items');
SELECT count(*) FROM state;

-- The log has the same order as the rows also where an outer chunk was written by an inner level that then fails.
BEGIN;
CALL look.add(6000, 6070);
DO $$
BEGIN
    FOR i IN 1 .. 20 LOOP
        BEGIN
            UPDATE shop.items SET note = repeat(i::text, 30) WHERE id BETWEEN 6000 AND 6030;
            BEGIN
                UPDATE shop.items SET note = repeat('inner', i * 10) WHERE id BETWEEN 6000 AND 6040;
                IF i % 2 = 0 THEN
                    PERFORM 1 / 0;
                END IF;
            EXCEPTION WHEN division_by_zero THEN
                DELETE FROM shop.items WHERE id = 6040 + i;
            END;
            IF i % 5 = 0 THEN
                PERFORM 1 / 0;
            END IF;
        EXCEPTION WHEN division_by_zero THEN
            NULL;
        END;
    END LOOP;
END $$;
COMMIT;
SELECT * FROM differences('items');

-- Two tables in turn, each with what has to be known of it.
CREATE TABLE parts (id int PRIMARY KEY, amount int);
CALL capture('parts', 8);
BEGIN;
INSERT INTO parts VALUES (1, 1);
SAVEPOINT a;
UPDATE items SET note = 'two' WHERE id = 1;
RELEASE a;
SAVEPOINT a;
UPDATE items SET note = 'three' WHERE id = 1;
RELEASE a;
INSERT INTO parts VALUES (2, 2);
COMMIT;
SELECT count(*), sum(octet_length(content)) < 120 AS told_once FROM postrider.capture_log;
SELECT change FROM changes();
DROP TABLE parts;
UPDATE state SET content = content || '{"2": "7468726565"}' WHERE key = '00000001';
SELECT * FROM differences('items');

-- A failed statement within a transaction, as clients with a savepoint for each statement meet it.
BEGIN;
SAVEPOINT s;
CALL look.add(7000, 7000);
RELEASE s;
SAVEPOINT s;
CALL look.add(7000, 7000);
ROLLBACK TO s;
RELEASE s;
SAVEPOINT s;
CALL look.add(7001, 7001);
RELEASE s;
COMMIT;
SELECT * FROM differences('items');

-- Many levels at once, of which some fail.
CREATE FUNCTION look.nest(depth int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF depth = 0 THEN
        RETURN;
    END IF;
    INSERT INTO shop.items VALUES (8000 + depth, repeat('d', depth));
    PERFORM look.nest(depth - 1);
    UPDATE shop.items SET note = note || '!' WHERE id BETWEEN 8000 AND 8000 + depth;
    IF depth IN (3, 10, 20) THEN
        PERFORM 1 / 0;
    END IF;
EXCEPTION WHEN division_by_zero THEN
    INSERT INTO shop.items VALUES (8000 + depth, 'failed');
END $$;
SELECT look.nest(60);
SELECT * FROM differences('items');
SELECT count(*), count(*) FILTER (WHERE note LIKE 'failed%') AS failed FROM items WHERE id > 8000;
