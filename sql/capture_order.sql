-- Flush numbers: one for each transaction, in an order that no dependency contradicts.
\set ECHO none
\set reader `echo "$PG_ABS_SRCDIR/tests/postgresql/log_reader.sql"`
\i :reader
\set ECHO all
CREATE TABLE items (id int PRIMARY KEY, note text);
CALL capture('items', 7);
INSERT INTO items VALUES (1, 'a');
INSERT INTO items SELECT g, repeat('x', 100) FROM generate_series(2, 500) g;
UPDATE items SET note = 'b' WHERE id = 1;
-- The last row of each has the number; the xid is that of the transaction.
SELECT count(*) > 1 AS several, count(flush_number) AS numbers,
       max(ordinal) = (array_agg(ordinal) FILTER (WHERE flush_number IS NOT NULL))[1] AS is_last,
       count(DISTINCT ordinal) = count(*) AS distinct_ordinals
  FROM postrider.capture_log GROUP BY xid ORDER BY max(flush_number);
SELECT xid = pg_snapshot_xmax(pg_current_snapshot())::text::xid8 AS future, count(*)
  FROM postrider.capture_log GROUP BY 1;
SELECT DISTINCT change FROM changes() WHERE change LIKE '%7 1=1 %' ORDER BY 1;

-- Rows of savepoints have the transaction's xid, not their own.
BEGIN;
INSERT INTO items VALUES (1001, 'a');
SAVEPOINT a;
INSERT INTO items SELECT g, repeat('x', 100) FROM generate_series(2000, 2200) g;
RELEASE a;
SELECT count(DISTINCT xid) AS xids, bool_and(xid = pg_current_xact_id()) AS its FROM postrider.capture_log;
COMMIT;
SELECT count(DISTINCT xid) AS xids, count(flush_number) AS numbers FROM postrider.capture_log;
SELECT count(*) FROM changes();

-- What deferred triggers do at the end is captured too.
CREATE FUNCTION look.late() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.note <> 'late' THEN
        INSERT INTO shop.items VALUES (NEW.id + 10000, 'late');
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON items DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION look.late();
BEGIN;
INSERT INTO items VALUES (3001, 'early');
INSERT INTO items VALUES (3002, 'early');
COMMIT;
SELECT * FROM changes();
DROP TRIGGER late ON items;

-- Triggers that write within triggers, to the same table.
CREATE FUNCTION look.twin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.note = 'twin' THEN
        BEGIN
            INSERT INTO shop.items VALUES (NEW.id + 1, 'of ' || NEW.id);
            IF NEW.id % 20 = 0 THEN
                PERFORM 1 / 0;
            END IF;
        EXCEPTION WHEN division_by_zero THEN
            NULL;
        END;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER a_twin AFTER INSERT ON items FOR EACH ROW EXECUTE FUNCTION look.twin();
INSERT INTO items SELECT g, 'twin' FROM generate_series(4010, 4040, 10) g;
SELECT * FROM changes();
DROP TRIGGER a_twin ON items;

-- Procedures that commit, and a cursor that is held.
CREATE PROCEDURE look.commits() LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 5001 .. 5004 LOOP
        INSERT INTO shop.items VALUES (i, 'procedure');
        IF i % 2 = 0 THEN
            COMMIT;
        ELSIF i = 5003 THEN
            ROLLBACK;
        END IF;
    END LOOP;
END $$;
CALL look.commits();
SELECT * FROM changes();
BEGIN;
INSERT INTO items VALUES (6001, 'cursor');
DECLARE held CURSOR WITH HOLD FOR
    WITH gone AS (SELECT id FROM items WHERE id > 6000) SELECT * FROM gone;
COMMIT;
INSERT INTO items VALUES (6002, 'while it is held');
FETCH ALL held;
CLOSE held;
SELECT * FROM changes();
