-- The file with the keys of a node: missing, open to others, of another node. Nothing works, nothing is lost.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
CREATE TABLE products (sku text PRIMARY KEY, name text);
SELECT count(*) FROM postrider.declare('TASK prices SEND products TO branch CREATE MISSING TABLES');
:rounds
SELECT format('%s/%s.secret', current_setting('postrider.secret_directory'), encode(node_id, 'hex')) AS file FROM postrider.node \gset
SELECT format('chmod 644 %s', :'file') AS open_it, format('chmod 600 %s', :'file') AS close_it,
       format('mv %1$s %1$s.away', :'file') AS take_away, format('mv %1$s.away %1$s', :'file') AS bring_back,
       format('cp -p %1$s %1$s.away && printf spoilt >%1$s', :'file') AS spoil \gset
INSERT INTO products VALUES ('A-1', 'Apples');
COPY (SELECT) TO PROGRAM :'take_away';
-- What is said, without the place of the file.
CREATE FUNCTION told() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    hint text;
BEGIN
    RETURN postrider.reload('prices');
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    RETURN regexp_replace(SQLERRM || chr(10) || hint, '/[^" ]*/[0-9a-f]{32,}', '…', 'g');
END $$;
SELECT told();
SELECT peer, state FROM postrider.status;
COPY (SELECT) TO PROGRAM :'bring_back';
COPY (SELECT) TO PROGRAM :'open_it';
SELECT told();
COPY (SELECT) TO PROGRAM :'close_it';
COPY (SELECT) TO PROGRAM :'spoil';
SELECT told();
COPY (SELECT) TO PROGRAM :'bring_back';
SELECT told();
:rounds
\c postrider_branch
TABLE products;
