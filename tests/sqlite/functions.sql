-- What every function says before there is a node, to wrong arguments, and where it may not run.
SELECT postrider_version() GLOB '[0-9]*.[0-9]*.[0-9]*';
SELECT postrider_sync_now();
SELECT postrider_run(0);
SELECT postrider_invite('b');
SELECT postrider_approve();
SELECT * FROM postrider_describe;
SELECT * FROM postrider_diagnose;
SELECT * FROM postrider_accept('postrider1:nonsense');

SELECT * FROM postrider_declare('NODE a;');
SELECT postrider_invite(NULL);
SELECT postrider_invite('nobody');
SELECT postrider_confirm_peer('nobody', 'one two three four');
SELECT postrider_revoke('nobody');
SELECT postrider_sync_now('nobody');
SELECT postrider_run(-1);
SELECT postrider_run('soon');
SELECT postrider_receive('text');
SELECT postrider_receive(x'00');
SELECT * FROM postrider_declare;
SELECT * FROM postrider_accept('postrider1:nonsense');
SELECT * FROM postrider_accept_offer('nobody.nothing');
SELECT * FROM postrider_pending('nobody');
SELECT * FROM postrider_inspect('text');
SELECT field, value FROM postrider_inspect(x'00');
SELECT postrider_approve();

-- What opens a connection of its own cannot run inside a transaction.
BEGIN;
SELECT postrider_sync_now();
SELECT postrider_run(0);
SELECT postrider_receive(x'00');
SELECT * FROM postrider_pending('nobody');
COMMIT;

-- No view or trigger of a file may act.
CREATE VIEW trap AS SELECT postrider_sync_now();
SELECT * FROM trap;
CREATE VIEW table_trap AS SELECT * FROM postrider_declare('NODE evil;');
SELECT * FROM table_trap;
CREATE TABLE bait(x);
CREATE TRIGGER bite AFTER INSERT ON bait BEGIN SELECT postrider_revoke('b'); END;
INSERT INTO bait VALUES(1);

-- A database in memory cannot take part.
.open :memory:
.load ./mod_postrider
SELECT * FROM postrider_declare('NODE a;');
SELECT postrider_sync_now();
