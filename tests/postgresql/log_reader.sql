-- What the scripts in sql/ begin with: the extension as new, an empty schema "shop" to work in, and a second reader of
-- postrider.capture_log, written after the comment in common/wire/capture_log.hpp.
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS shop, look CASCADE;
DROP EXTENSION IF EXISTS postrider CASCADE;
CREATE EXTENSION postrider;
INSERT INTO postrider.capture (capture_id, table_name, fingerprint) SELECT n, 'table ' || n, '' FROM generate_series(1, 99) n;
CREATE SCHEMA shop;
CREATE SCHEMA look;
SET search_path = shop, look, pg_catalog;
SET timezone = 'UTC';

-- The triggers as Postrider makes them.
CREATE PROCEDURE look.capture(relation regclass, id int, kept text DEFAULT '') LANGUAGE plpgsql AS $$
DECLARE
    part regclass;
BEGIN
    EXECUTE format('CREATE TRIGGER postrider_capture_%s AFTER INSERT OR DELETE OR UPDATE ON %s '
                   'FOR EACH ROW EXECUTE FUNCTION postrider.capture(%L, %L)', id, relation, id, kept);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER postrider_capture_%s', relation, id);
    FOR part IN SELECT inhrelid FROM pg_inherits WHERE inhparent = relation
                UNION ALL SELECT relation LOOP
        EXECUTE format('CREATE TRIGGER postrider_capture_%s_truncate AFTER TRUNCATE ON %s '
                       'FOR EACH STATEMENT EXECUTE FUNCTION postrider.capture(%L)', id, part, id);
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER postrider_capture_%s_truncate', part, id);
    END LOOP;
END $$;

CREATE FUNCTION look.integer(data bytea, INOUT place int, OUT number bigint) LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    byte int;
    shift int := 0;
BEGIN
    number := 0;
    LOOP
        byte := get_byte(data, place);
        place := place + 1;
        number := number | ((byte & 127)::bigint << shift);
        EXIT WHEN byte < 128;
        shift := shift + 7;
    END LOOP;
END $$;

CREATE FUNCTION look.bit(data bytea, bitmap int, index int) RETURNS bool LANGUAGE sql IMMUTABLE AS
$$ SELECT (get_byte(data, bitmap + index / 8) >> (index % 8)) & 1 = 1 $$;

-- Text and whole numbers as such, what is in the text form with ~ before it, the rest in hexadecimal.
CREATE FUNCTION look.text(type bigint, value bytea) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN length(value) > 200 THEN '(' || length(value) || ' bytes, md5 ' || md5(value) || ')'
        WHEN type = 0 THEN '~' || convert_from(value, 'UTF8')
        WHEN type = ANY ('{25,1042,1043,114,19}') THEN quote_literal(convert_from(value, 'UTF8'))
        WHEN type = 21 THEN ('x' || encode(value, 'hex'))::bit(16)::int::smallint::text
        WHEN type = 23 THEN ('x' || encode(value, 'hex'))::bit(32)::int::text
        WHEN type = 20 THEN ('x' || encode(value, 'hex'))::bit(64)::bigint::text
        ELSE encode(value, 'hex')
    END $$;

-- Takes what is in the log. Values are {"attnum": hexadecimal or null}.
CREATE FUNCTION look.records()
    RETURNS TABLE (transaction bigint, capture bigint, operation text, types jsonb, key jsonb, row_values jsonb,
                   kept_values jsonb)
    LANGUAGE plpgsql AS $$
DECLARE
    chunk record;
    data bytea;
    place int;
    kind int;
    count bigint;
    size bigint;
    layouts jsonb;
    layout jsonb;
    attnum bigint;
    numbers bigint[];
    given_bits int;
    null_bits int;
BEGIN
    FOR chunk IN
        WITH numbered AS (
            SELECT *, max(flush_number) OVER (PARTITION BY xid) AS flush FROM postrider.take_captured()),
        grouped AS (
            SELECT *, count(*) FILTER (WHERE get_byte(content, 0) = 0) OVER (ORDER BY flush, xid, ordinal) AS number,
                   dense_rank() OVER (ORDER BY flush, xid) AS transaction
              FROM numbered)
        SELECT g.transaction, string_agg(substring(content FROM 2), '' ORDER BY ordinal) AS data
          FROM grouped g GROUP BY g.transaction, number ORDER BY g.transaction, number
    LOOP
        transaction := chunk.transaction;
        data := chunk.data;
        place := 0;
        layouts := '{}';
        WHILE place < length(data) LOOP
            kind := get_byte(data, place);
            SELECT i.place, i.number INTO place, capture FROM look.integer(data, place + 1) i;
            operation := (ARRAY['LAYOUT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'LOST'])[kind];
            IF kind = 1 THEN
                layout := '{"columns": [], "types": {}, "key": [], "kept": []}';
                SELECT i.place, i.number INTO place, count FROM look.integer(data, place) i;
                FOR i IN 1 .. count LOOP
                    SELECT j.place, j.number INTO place, attnum FROM look.integer(data, place) j;
                    SELECT j.place, j.number INTO place, size FROM look.integer(data, place) j;
                    layout := jsonb_insert(layout, '{columns,-1}', to_jsonb(attnum), true);
                    layout := jsonb_set(layout, ARRAY['types', attnum::text], to_jsonb(size));
                END LOOP;
                FOR part IN 0 .. 1 LOOP
                    SELECT i.place, i.number INTO place, count FROM look.integer(data, place) i;
                    FOR i IN 1 .. count LOOP
                        SELECT j.place, j.number INTO place, size FROM look.integer(data, place) j;
                        layout := jsonb_insert(layout, ARRAY[(ARRAY['key', 'kept'])[part + 1], '-1'],
                                               layout -> 'columns' -> size::int, true);
                    END LOOP;
                END LOOP;
                layouts := jsonb_set(layouts, ARRAY[capture::text], layout);
                CONTINUE;
            END IF;
            layout := layouts -> capture::text;
            types := layout -> 'types';
            key := layout -> 'key';
            row_values := '{}';
            kept_values := '{}';
            -- The values of the row, then the kept ones: which columns, where their bitmaps stand.
            FOR part IN 0 .. 1 LOOP
                CONTINUE WHEN kind > 4 OR part = 1 AND (kind = 2 OR jsonb_array_length(layout -> 'kept') = 0);
                SELECT array_agg(c::bigint ORDER BY o) INTO numbers
                  FROM jsonb_array_elements(layout -> CASE WHEN part = 1 THEN 'kept' WHEN kind = 4 THEN 'key'
                                                           ELSE 'columns' END) WITH ORDINALITY t(c, o);
                given_bits := CASE WHEN part = 0 AND kind = 3 THEN place END;
                place := place + CASE WHEN given_bits IS NULL THEN 0 ELSE (cardinality(numbers) + 7) / 8 END;
                null_bits := CASE WHEN part = 1 OR kind <> 4 THEN place END;
                place := place + CASE WHEN null_bits IS NULL THEN 0 ELSE (cardinality(numbers) + 7) / 8 END;
                FOR index IN 0 .. cardinality(numbers) - 1 LOOP
                    CONTINUE WHEN given_bits IS NOT NULL AND NOT look.bit(data, given_bits, index);
                    layout := jsonb_set(layout, '{value}', 'null');
                    IF null_bits IS NULL OR NOT look.bit(data, null_bits, index) THEN
                        SELECT i.place, i.number INTO place, size FROM look.integer(data, place) i;
                        layout := jsonb_set(layout, '{value}',
                                            to_jsonb(encode(substring(data FROM place + 1 FOR size::int), 'hex')));
                        place := place + size;
                    END IF;
                    IF part = 0 THEN
                        row_values := row_values || jsonb_build_object(numbers[index + 1], layout -> 'value');
                    ELSE
                        kept_values := kept_values || jsonb_build_object(numbers[index + 1], layout -> 'value');
                    END IF;
                END LOOP;
            END LOOP;
            RETURN NEXT;
        END LOOP;
        IF place <> length(data) THEN
            RAISE EXCEPTION 'the log ends in the middle of a record';
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION look.list(types jsonb, listed jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT string_agg(k || '=' || coalesce(look.text((types ->> k)::bigint, decode(v, 'hex')), 'null'), ' '
                      ORDER BY k::int)
      FROM jsonb_each_text(listed) e(k, v) $$;

-- Takes what is in the log, for people: columns stand by their attnums.
CREATE FUNCTION look.changes() RETURNS TABLE (transaction bigint, change text) LANGUAGE sql AS $$
    SELECT r.transaction,
           concat_ws(' ', r.operation, r.capture, look.list(r.types, r.row_values),
                     'was ' || nullif(look.list(r.types, r.kept_values), ''))
      FROM look.records() r $$;

-- Takes what is in the log and gives the rows that a receiver has who had those in `state`, and keeps them there.
CREATE TABLE look.state (key text PRIMARY KEY, content jsonb NOT NULL);

CREATE FUNCTION look.replay() RETURNS SETOF look.state LANGUAGE plpgsql AS $$
DECLARE
    r record;
    k text;
BEGIN
    FOR r IN SELECT * FROM look.records() LOOP
        SELECT string_agg(r.row_values ->> c, ' ' ORDER BY o) INTO k
          FROM jsonb_array_elements_text(r.key) WITH ORDINALITY t(c, o);
        CASE r.operation
        WHEN 'INSERT' THEN INSERT INTO look.state VALUES (k, r.row_values);
        WHEN 'UPDATE' THEN
            UPDATE look.state SET content = content || r.row_values WHERE state.key = k;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'an UPDATE of a row that is not there: %', k;
            END IF;
        WHEN 'DELETE' THEN
            DELETE FROM look.state WHERE state.key = k;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'a DELETE of a row that is not there: %', k;
            END IF;
        WHEN 'TRUNCATE' THEN DELETE FROM look.state;
        END CASE;
    END LOOP;
    RETURN QUERY SELECT * FROM look.state;
END $$;

-- The same for a table (id int PRIMARY KEY, note text): what differs between it and the receiver. Nothing should.
CREATE FUNCTION look.differences(relation regclass) RETURNS TABLE (id text, here text, there text)
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM look.replay();
    RETURN QUERY EXECUTE format(
        'SELECT coalesce(k, key), t, content::text FROM (SELECT lpad(to_hex(id), 8, ''0'') AS k, '
        'jsonb_build_object(1, lpad(to_hex(id), 8, ''0''), 2, encode(convert_to(note, ''UTF8''), ''hex''))::text AS t '
        'FROM %s) mine FULL JOIN look.state ON k = key WHERE t IS DISTINCT FROM content::text', relation);
END $$;
