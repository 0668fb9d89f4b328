-- Every built-in type goes by mail and comes back out as it went in.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE DOMAIN cents AS int CHECK (VALUE >= 0);
CREATE TYPE place AS (street text, number int);
CREATE TABLE kinds (id int PRIMARY KEY,
    a_bool bool, a_smallint smallint, an_int int, a_bigint bigint, a_numeric numeric, a_money money, a_real real,
    a_double double precision, a_text text, a_varchar varchar(9), a_char char(5), a_name name, a_bytea bytea, a_date date,
    a_time time, a_timetz timetz, a_timestamp timestamp, a_timestamptz timestamptz, an_interval interval, a_uuid uuid,
    a_json json, a_jsonb jsonb, an_xml xml, a_bit bit(5), a_varbit varbit, an_inet inet, a_cidr cidr, a_macaddr macaddr,
    a_macaddr8 macaddr8, a_point point, a_line line, an_lseg lseg, a_box box, a_path path, a_polygon polygon,
    a_circle circle, a_tsvector tsvector, a_tsquery tsquery, an_int4range int4range, a_tstzmultirange tstzmultirange,
    ints int[], texts text[], a_mood mood, some_cents cents, a_place place, an_oid oid, a_lsn pg_lsn);
INSERT INTO kinds (id) VALUES (0);
INSERT INTO kinds VALUES (1,
    true, -32768, 2147483647, -9223372036854775808, '12345678901234567890.123456789000', '$1.25', '1e-30', 0.1,
    'two
lines, "quotes", \ and 日本 🎵', 'longest 9', 'ab', 'name', '\x00ff10', '4713-01-01 BC', '24:00', '23:59:59.999999+15:59',
    '294276-12-31 23:59:59.999999', '1999-12-31 23:59:59.5+14', '1 year 2 mons -3 days 04:05:06.789',
    '12345678-9abc-def0-0102-030405060708', '{"a" : 1.50, "a": 2}', '{"b": 1.50, "a": [null, "x"]}', '<a b="c">d</a>',
    B'10101', B'1', '10.1.2.3/8', '10.0.0.0/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', '(1.5,-2)', '{1,2,3}',
    '[(1,2),(3,4)]', '(3,4),(1,2)', '[(1,2),(3,4)]', '((1,2),(3,4),(5,6))', '<(1,2),3>', 'a fat:2A cat:3', 'fat & !cat',
    '[1,10)', '{[2020-01-01 00:00+00,2021-01-01 00:00+00),[2022-01-01 00:00+00,)}', '[2:4]={1,NULL,3}',
    '{{"a","NULL"},{NULL,"b,c"}}', 'happy', 7, '("Main St",5)', 4294967295, '16/B374D848');
INSERT INTO kinds (id, a_numeric, a_real, a_double, a_date, a_timestamp, a_timestamptz, a_text, a_bytea, ints, an_int4range)
VALUES (2, 'NaN', 'Infinity', '-0', 'infinity', '-infinity', 'infinity', '', '', '{}', 'empty'),
       (3, 'Infinity', 'NaN', '-Infinity', '0001-01-01', '0001-01-01 BC', '2000-01-01', repeat('x', 100000), decode(repeat('00', 50000), 'hex'), NULL, '(,)');
SELECT md5(string_agg(k::text, chr(10) ORDER BY id)) AS here FROM kinds k \gset
SELECT count(*) FROM postrider.declare('TASK kinds SEND kinds TO branch');
\c postrider_branch
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE DOMAIN cents AS int CHECK (VALUE >= 0);
CREATE TYPE place AS (street text, number int);
CREATE TABLE kinds (id int PRIMARY KEY,
    a_bool bool, a_smallint smallint, an_int int, a_bigint bigint, a_numeric numeric, a_money money, a_real real,
    a_double double precision, a_text text, a_varchar varchar(9), a_char char(5), a_name name, a_bytea bytea, a_date date,
    a_time time, a_timetz timetz, a_timestamp timestamp, a_timestamptz timestamptz, an_interval interval, a_uuid uuid,
    a_json json, a_jsonb jsonb, an_xml xml, a_bit bit(5), a_varbit varbit, an_inet inet, a_cidr cidr, a_macaddr macaddr,
    a_macaddr8 macaddr8, a_point point, a_line line, an_lseg lseg, a_box box, a_path path, a_polygon polygon,
    a_circle circle, a_tsvector tsvector, a_tsquery tsquery, an_int4range int4range, a_tstzmultirange tstzmultirange,
    ints int[], texts text[], a_mood mood, some_cents cents, a_place place, an_oid oid, a_lsn pg_lsn);
:rounds
SELECT count(*), md5(string_agg(k::text, chr(10) ORDER BY id)) = :'here' AS same FROM kinds k;
\x
SELECT * FROM kinds WHERE id = 1;
\x
-- Changes, of NULL to a value and back.
\c postrider_office
UPDATE kinds SET a_money = NULL, a_jsonb = '{}', a_place = '(,)', ints = '{4}', a_numeric = 1.000 WHERE id = 1;
UPDATE kinds SET id = 5, an_interval = '0', a_mood = 'sad' WHERE id = 0;
SELECT md5(string_agg(k::text, chr(10) ORDER BY id)) AS here FROM kinds k \gset
:rounds
\c postrider_branch
SELECT count(*), md5(string_agg(k::text, chr(10) ORDER BY id)) = :'here' AS same FROM kinds k;
