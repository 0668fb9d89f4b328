-- Values: what is in the log is what the type's send function gives, or the text where types are of one server.
\set ECHO none
\set reader `echo "$PG_ABS_SRCDIR/tests/postgresql/log_reader.sql"`
\i :reader
\set ECHO all
CREATE TYPE colour AS ENUM ('red', 'green');
CREATE TYPE pair AS (a int, at timestamptz, raw bytea);
CREATE DOMAIN amount AS numeric(12, 2) CHECK (value >= 0);
CREATE DOMAIN amounts AS numeric[];
CREATE DOMAIN paint AS colour;
CREATE TABLE vals (
    id int PRIMARY KEY,
    boolean_ bool, int2_ int2, int4_ int4, int8_ int8, oid_ oid, float4_ float4, float8_ float8,
    text_ text, varchar_ varchar(20), bpchar_ char(6), name_ name, bytea_ bytea,
    date_ date, time_ time, timestamp_ timestamp, timestamptz_ timestamptz, timetz_ timetz, interval_ interval,
    uuid_ uuid, numeric_ numeric, bit_ bit(5), varbit_ varbit, json_ json, jsonb_ jsonb, amount_ amount,
    amounts_ amounts, bools_ bool[], int2s_ int2[], int4s_ int4[], int8s_ int8[], oids_ oid[], float4s_ float4[],
    float8s_ float8[], texts_ text[], varchars_ varchar[], bpchars_ char(3)[], names_ name[], byteas_ bytea[],
    dates_ date[], times_ time[], timestamps_ timestamp[], timestamptzs_ timestamptz[], timetzs_ timetz[],
    intervals_ interval[], uuids_ uuid[], numerics_ numeric[], bits_ bit(3)[], varbits_ varbit[], jsons_ json[],
    jsonbs_ jsonb[]);
CALL capture('vals', 7);
INSERT INTO vals VALUES (
    1, true, -2, 3, 1234567890123, 4294967295, 1.5, 'NaN',
    'zwölf € 👍', 'ähm', 'ü', 'námě', '\x00ff',
    '2024-02-29', '12:34:56.789', '1999-12-31 23:59:59.5', 'infinity', '10:00+05:30', '1 year -2 days 03:04:05.6',
    '5b30857f-0bfa-48b5-ac0b-5c64e28078d1', -12345.6700, b'10110', b'101', '{"a": "ö" , "b":1}', '{"b": "ö", "a": [1]}',
    7.5, '{1.5,NULL,-2}', '{t,f,NULL}', '{1,2}', '{{1,2},{3,4}}', '[2:3]={5,6}', '{1,2}', '{1.5,-0}',
    '{Infinity,NaN}', '{"ö","NULL",NULL}', '{"é"}', '{"é"}', '{"ñ"}', '{"\\x00","\\xff"}',
    '{2024-01-01,-infinity}', '{00:00,24:00}', '{1999-01-01 00:00}', '{1999-01-01 00:00+00}', '{10:00-03}',
    '{1 day}', '{5b30857f-0bfa-48b5-ac0b-5c64e28078d1}', '{1.10,NaN}', '{101}', '{1,10}', '{"{\"a\": \"ö\"}"}',
    '{"{\"b\": \"ö\"}"}');
INSERT INTO vals (id) VALUES (2);
INSERT INTO vals SELECT 3, false, int2_, int4_, int8_, oid_, '-Infinity', '-0', '', '', '', '', '',
    '-infinity', '24:00', '-infinity', '4713-01-01 00:00+00 BC', '23:59:59-15:59', '-1 mon',
    uuid_, 'NaN', bit_, '', 'null', 'null', 0, '{}', '{}', '{}', '{}' FROM vals WHERE id = 1;

CREATE TABLE look.taken AS SELECT * FROM records();
-- Each column of a row with what the send function of its type gives for it.
CREATE FUNCTION look.sent(row_id int) RETURNS TABLE (column_name name, type oid, sent text) LANGUAGE plpgsql AS $$
BEGIN
    FOR column_name, type, sent IN
        SELECT a.attname, coalesce(nullif(t.typbasetype, 0), t.oid), s.typsend
          FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
          JOIN pg_type s ON s.oid = coalesce(nullif(t.typbasetype, 0), t.oid)
         WHERE attrelid = 'shop.vals'::regclass AND attnum > 0 ORDER BY attnum
    LOOP
        EXECUTE format('SELECT encode(%s(%I), ''hex'') FROM shop.vals WHERE id = %s', sent, column_name, row_id)
           INTO sent;
        RETURN NEXT;
    END LOOP;
END $$;
CREATE VIEW look.wrong AS
    SELECT r.row_values ->> '1' AS id, s.column_name, s.sent, r.row_values ->> a.attnum::text AS captured
      FROM look.taken r, look.sent(('x' || (r.row_values ->> '1'))::bit(32)::int) s
      JOIN pg_attribute a ON a.attname = s.column_name AND attrelid = 'shop.vals'::regclass
     WHERE s.sent IS DISTINCT FROM (r.row_values ->> a.attnum::text)
        OR (r.types ->> a.attnum::text)::oid IS DISTINCT FROM s.type;
SELECT * FROM look.wrong;
SELECT count(*), (SELECT count(*) FROM taken, jsonb_each_text(row_values) WHERE value IS NOT NULL) AS values FROM taken;

-- A client with another encoding gets its own, the log does not.
SET client_encoding = 'LATIN1';
INSERT INTO vals (id, text_, json_, jsonb_, texts_, jsonbs_)
    SELECT 4, text_, json_, jsonb_, texts_ || text_, jsonbs_ FROM vals WHERE id = 1;
SHOW client_encoding;
RESET client_encoding;
DELETE FROM taken;
INSERT INTO taken SELECT * FROM records();
SELECT * FROM look.wrong;

-- As text, in a form that no setting of the session changes.
CREATE TABLE texts (
    id int PRIMARY KEY, enum_ colour, paint_ paint, enums_ colour[], pair_ pair, range_ tstzrange, numbers_ numrange,
    ranges_ int4multirange, inet_ inet, cidr_ cidr, mac_ macaddr, point_ point, xml_ xml, vector_ tsvector,
    class_ regclass, kind_ "char", record_ int2vector, amounts_ amount[]);
CALL capture('texts', 8);
SET datestyle = 'German, DMY';
SET timezone = 'Asia/Tokyo';
SET intervalstyle = 'sql_standard';
SET extra_float_digits = -10;
SET bytea_output = 'escape';
INSERT INTO texts VALUES (
    1, 'red', 'green', '{red,green}', (1, '2024-01-01 00:00+00', '\x00ff'), '[2024-01-01 00:00+00,)', '[1.5,2)',
    '{[1,3),[7,9)}', '10.0.0.1/8', '10.0.0.0/8', '08:00:2b:01:02:03', '(0.1,0.30000000000000004)', '<a>ö</a>',
    'a:1 b', 'shop.vals', 'x', '1 2', '{1.50,2}');
SHOW datestyle;
SHOW timezone;
SHOW search_path;
SELECT pair_, range_, class_ FROM texts;
RESET datestyle;
SET timezone = 'UTC';
RESET intervalstyle;
RESET extra_float_digits;
RESET bytea_output;
SELECT a.attname, look.text((types ->> e.k)::bigint, decode(v, 'hex'))
  FROM records(), jsonb_each_text(row_values) e(k, v)
  JOIN pg_attribute a ON attnum = k::int AND attrelid = 'texts'::regclass ORDER BY attnum;
