-- Triggers that somebody has put into the file do not change what a function writes.
SELECT action, object FROM postrider_declare('NODE a;');
CREATE TRIGGER trap AFTER INSERT ON postrider_peer_path BEGIN
  UPDATE postrider_peer_path SET target = '/tmp/elsewhere'; END;
CREATE TRIGGER bait AFTER INSERT ON postrider_peer BEGIN SELECT raise(ABORT, 'caught'); END;
SELECT action, object FROM postrider_declare('PEER b MAILDIR ''@DIR@/mail'';');
SELECT target FROM postrider_peer_path;
CREATE TABLE mine(id INTEGER PRIMARY KEY, n INTEGER);
CREATE TRIGGER mine_too AFTER INSERT ON mine BEGIN UPDATE mine SET n = 1; END;
INSERT INTO mine VALUES(1, 0);
SELECT n FROM mine;
PRAGMA secure_delete;
