-- Types of extensions travel as the texts that they read again: hstore, ltree, and citext outside of a key.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
SET client_min_messages = error;
\set ECHO all
CREATE EXTENSION hstore;
CREATE EXTENSION citext;
CREATE SCHEMA trees;
CREATE EXTENSION ltree SCHEMA trees;
CREATE TABLE goods (id int PRIMARY KEY, word citext, labels hstore, place trees.ltree, words citext[], maps hstore[]);
INSERT INTO goods VALUES (1, 'Mixed Case', 'a=>1, "b c"=>NULL, "q\"uote"=>"x, y=>z"', 'top.middle.leaf',
    '{One,TWO,NULL}', ARRAY['k=>v', '']::hstore[]), (2, NULL, NULL, NULL, NULL, NULL), (3, '', '', '', '{}', '{}');
SELECT action, object FROM postrider.declare('TASK goods SEND goods TO branch');
\c postrider_branch
SET client_min_messages = error;
CREATE EXTENSION hstore;
CREATE EXTENSION citext;
CREATE SCHEMA trees;
CREATE EXTENSION ltree SCHEMA trees;
CREATE TABLE goods (id int PRIMARY KEY, word citext, labels hstore, place trees.ltree, words citext[], maps hstore[]);
:rounds
SELECT * FROM goods ORDER BY id;
-- A citext that is another one only to the eye is a change like any other; many rows go by COPY and by lists.
\c postrider_office
UPDATE goods SET word = 'MIXED case', labels = labels || 'new=>2', place = (place::text || '.twig')::trees.ltree WHERE id = 1;
INSERT INTO goods SELECT g, 'W' || g, hstore('n', g::text), ('a.b' || g)::trees.ltree, ARRAY['x' || g]::citext[],
    ARRAY[hstore('n', g::text)] FROM generate_series(10, 100) g;
:rounds
UPDATE goods SET labels = labels || 'm=>1', place = (place::text || '.end')::trees.ltree, word = upper(word) WHERE id >= 10;
SELECT md5(string_agg(g::text, chr(10) ORDER BY id)) AS here FROM goods g \gset
:rounds
\c postrider_branch
SELECT count(*), md5(string_agg(g::text, chr(10) ORDER BY id)) = :'here' AS same FROM goods g;
SELECT word, labels, place FROM goods WHERE id IN (1, 50) ORDER BY id;
SELECT * FROM postrider.parked;
