-- A stranger's file: a copied node without its secret acts on nothing, and its traps do not spring.
SELECT action, object FROM postrider_declare('NODE a; PEER b MAILDIR ''@DIR@/mail'';');
SELECT length(postrider_invite('b')) > 100;
VACUUM INTO 'b/copy.db';
.shell rm -f state/*.secret

.open b/copy.db
.load ./mod_postrider
CREATE TRIGGER trap BEFORE UPDATE ON postrider_lease BEGIN SELECT postrider_revoke('b'); END;
SELECT postrider_sync_now();
SELECT postrider_invite('b');
SELECT peer, state FROM postrider_status;
.shell ls mail/new mail/cur | grep postrider || echo nothing was sent
