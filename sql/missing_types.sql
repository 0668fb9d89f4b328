-- Tables that are made for types that the receiver lacks: an enum travels as text, a domain as what it is made of.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE DOMAIN cents AS int CHECK (VALUE >= 0);
CREATE TYPE place AS (street text, number int);
CREATE TABLE odd (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a_mood mood, some_cents cents, a_place place,
    computed int GENERATED ALWAYS AS (id * 2) STORED, noted timestamptz DEFAULT '2026-01-01 00:00+00', three_bits bit(3),
    a_time time(3), one_char "char", a_range int4range, moods mood[]);
INSERT INTO odd (a_mood, some_cents, a_place, three_bits, a_time, one_char, a_range, moods)
VALUES ('sad', 3, '(a,1)', B'101', '10:11:12.345', 'q', '[1,3)', '{sad,happy}');
SELECT action, object FROM postrider.declare('TASK odd SEND odd TO branch CREATE MISSING TABLES');
:rounds
\c postrider_branch
\d odd
SELECT * FROM odd;
\c postrider_office
INSERT INTO odd (a_mood) VALUES (NULL);
ALTER TABLE odd ADD COLUMN later mood DEFAULT 'happy';
:rounds
\c postrider_branch
SELECT id, a_mood, later FROM odd ORDER BY id;
