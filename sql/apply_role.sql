-- Whose rights the worker has: those of postrider_apply. Whoever owns a table of a task has his functions run by it, in a
-- deferred trigger at its commit too, and gets nothing that he does not have himself.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
SELECT rolname AS boss FROM pg_roles WHERE oid = 10 \gset
CREATE ROLE postrider_regress_mallory;
\c postrider_branch
GRANT CREATE ON DATABASE postrider_branch TO postrider_regress_mallory;
SET ROLE postrider_regress_mallory;
CREATE SCHEMA mallory;
GRANT USAGE ON SCHEMA mallory TO PUBLIC;
CREATE TABLE mallory.seen (place text, attempt text, acts_as name, is_session_of name, outcome text);
GRANT INSERT, SELECT ON mallory.seen TO PUBLIC;
CREATE TABLE mallory.attempts (attempt text);
GRANT SELECT ON mallory.attempts TO PUBLIC;
INSERT INTO mallory.attempts VALUES ('ALTER ROLE postrider_regress_mallory SUPERUSER'), (format('SET ROLE %I', :'boss')),
  (format('SET SESSION AUTHORIZATION %I', :'boss')), ('RESET ROLE'), ('RESET SESSION AUTHORIZATION'),
  ('SELECT count(*) FROM postrider.node'), ('DELETE FROM postrider.queue'), ('SELECT * FROM postrider.take_captured()'),
  ('SET session_replication_role = origin'), ('COPY (SELECT) TO PROGRAM ''true''');
-- In a worker tries everything, once in each place; whatever it then is tries to make itself a superuser.
CREATE FUNCTION mallory.attack(place text) RETURNS boolean LANGUAGE plpgsql AS $function$
DECLARE
  each text;
  outcome text;
BEGIN
  IF current_setting('application_name') <> 'postrider' OR EXISTS (SELECT FROM mallory.seen AS s WHERE s.place = attack.place) THEN
    RETURN true;
  END IF;
  FOR each IN SELECT attempt FROM mallory.attempts LOOP
    BEGIN
      EXECUTE each;
      EXECUTE 'ALTER ROLE postrider_regress_mallory SUPERUSER';
      outcome := 'WAS A SUPERUSER';
    EXCEPTION WHEN OTHERS THEN
      outcome := sqlerrm;
    END;
    INSERT INTO mallory.seen VALUES (place, each, current_user, session_user, outcome);
  END LOOP;
  RETURN true;
END
$function$;
CREATE FUNCTION mallory.attack() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
  PERFORM mallory.attack(tg_name);
  RETURN NULL;
END
$function$;
-- That something is immutable is easily said.
CREATE FUNCTION mallory.computed(price int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $function$
BEGIN
  PERFORM mallory.attack('generated column');
  RETURN price + 1;
END
$function$;
CREATE TABLE mallory.prices (sku text PRIMARY KEY, price int,
  own boolean DEFAULT mallory.attack('default'),
  more int GENERATED ALWAYS AS (mallory.computed(price)) STORED,
  CHECK (mallory.attack('check')));
CREATE CONSTRAINT TRIGGER deferred AFTER INSERT ON mallory.prices DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION mallory.attack();
ALTER TABLE mallory.prices ENABLE ALWAYS TRIGGER deferred;
CREATE TRIGGER of_replicas AFTER INSERT ON mallory.prices FOR EACH ROW EXECUTE FUNCTION mallory.attack();
ALTER TABLE mallory.prices ENABLE REPLICA TRIGGER of_replicas;
-- What the worker sends: a value is read by its domain where a filter looks at a change of it; a policy is asked when a load
-- reads the table.
CREATE DOMAIN mallory.town AS text CHECK (mallory.attack('domain'));
CREATE TABLE mallory.shops (id int PRIMARY KEY, town mallory.town);
INSERT INTO mallory.shops VALUES (1, 'Bonn'), (2, 'Ulm');
ALTER TABLE mallory.shops ENABLE ROW LEVEL SECURITY;
CREATE POLICY nosy ON mallory.shops USING (mallory.attack('policy'));
RESET ROLE;
\c postrider_office
CREATE SCHEMA mallory;
CREATE TABLE mallory.prices (sku text PRIMARY KEY, price int);
CREATE TABLE mallory.shops (id int PRIMARY KEY, town text);
INSERT INTO mallory.prices VALUES ('A-1', 1);
SELECT action, object, detail FROM postrider.declare('TASK prices SEND mallory.prices TO branch');
:rounds
\c postrider_branch
SELECT action, object, detail FROM postrider.declare('TASK towns SEND mallory.shops WHERE (town <> ''Ulm'') TO office');
:rounds
\c postrider_office
SELECT action, object, detail FROM postrider.accept_offer('branch.towns');
:rounds
\c postrider_branch
UPDATE mallory.shops SET town = 'Köln' WHERE id = 1;
:rounds
SELECT sku, price, own, more FROM mallory.prices;
SELECT place, count(*) AS attempts, string_agg(DISTINCT acts_as, ', ') AS acts_as,
  string_agg(DISTINCT is_session_of, ', ') AS is_session_of FROM mallory.seen GROUP BY place ORDER BY place;
SELECT DISTINCT replace(attempt, :'boss', 'BOSS') AS attempt, replace(outcome, :'boss', 'BOSS') AS outcome
  FROM mallory.seen ORDER BY 1;
SELECT rolsuper FROM pg_roles WHERE rolname = 'postrider_regress_mallory';
\c postrider_office
TABLE mallory.shops;
-- The search path that code of a user's leaves behind is not that by which the worker's next statement reads its operators.
\c postrider_branch
SET ROLE postrider_regress_mallory;
CREATE FUNCTION mallory.equal(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS $function$
BEGIN
  PERFORM mallory.attack('operator');
  RETURN $1 OPERATOR(pg_catalog.=) $2;
END
$function$;
CREATE OPERATOR mallory.= (FUNCTION = mallory.equal, LEFTARG = bigint, RIGHTARG = bigint);
CREATE OR REPLACE FUNCTION mallory.attack() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
  SET search_path = mallory, pg_catalog;
  RETURN NULL;
END
$function$;
RESET ROLE;
\c postrider_office
INSERT INTO mallory.prices VALUES ('B-2', 2);
:rounds
\c postrider_branch
SELECT sku FROM mallory.prices ORDER BY sku;
SELECT count(*) FROM mallory.seen WHERE place = 'operator';
-- A policy binds the role: what it refuses is parked.
ALTER TABLE mallory.prices ENABLE ROW LEVEL SECURITY;
CREATE POLICY cheap ON mallory.prices TO postrider_apply USING (price < 100);
\c postrider_office
INSERT INTO mallory.prices VALUES ('C-3', 3), ('D-4', 400);
:rounds
\c postrider_branch
SELECT sku FROM mallory.prices ORDER BY sku;
SELECT "table", row, reason FROM postrider.parked;
-- Foreign keys are kept as the server keeps them: with the rights of the owner of the table that they touch.
CREATE ROLE postrider_regress_other;
CREATE SCHEMA others AUTHORIZATION postrider_regress_other;
SET ROLE postrider_regress_mallory;
GRANT REFERENCES ON mallory.prices TO postrider_regress_other;
SET ROLE postrider_regress_other;
CREATE TABLE others.notes (sku text REFERENCES mallory.prices ON DELETE CASCADE, note text);
RESET ROLE;
INSERT INTO others.notes VALUES ('B-2', 'goes with its price');
\c postrider_office
DELETE FROM mallory.prices WHERE sku = 'B-2';
:rounds
\c postrider_branch
TABLE others.notes;
SELECT sku FROM mallory.prices ORDER BY sku;
-- What a task needed goes with it.
SELECT privilege_type FROM information_schema.role_table_grants WHERE grantee = 'postrider_apply' AND table_name = 'shops';
SELECT action, object, detail FROM postrider.declare('DROP TASK towns');
SELECT privilege_type FROM information_schema.role_table_grants WHERE grantee = 'postrider_apply' AND table_name = 'shops';
-- Who is no superuser declares for his own tables, and lets no peer name others.
GRANT postrider_admin TO postrider_regress_mallory;
SET ROLE postrider_regress_mallory;
SELECT action, object, detail FROM postrider.declare('TASK towns SEND mallory.shops WHERE (town <> ''Ulm'') TO office');
SELECT count(*) FROM postrider.declare('PEER friend TRUST TASKS');
SELECT count(*) FROM postrider.declare('PEER friend');
SELECT count(*) FROM postrider.accept('x', trust_tasks => true);
RESET ROLE;
SELECT grantor, privilege_type FROM information_schema.role_table_grants WHERE grantee = 'postrider_apply' AND table_name = 'shops';
