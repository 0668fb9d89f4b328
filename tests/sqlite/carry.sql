-- Pairing with envelopes carried by hand, and what they tell to whom.
SELECT action, object FROM postrider_declare('NODE a; PEER b MAILDIR ''@DIR@/mail'';');
SELECT writefile('line.txt', postrider_invite('b')) > 100;

.open b/shop.db
.load ./mod_postrider
SELECT action, object FROM postrider_declare('NODE b;');
SELECT count(*) FROM postrider_accept(readfile('line.txt'), NULL, 0);
SELECT bytes = length(envelope), writefile('answer.bin', envelope) > 100 FROM postrider_pending('a');

.open a/shop.db
.load ./mod_postrider
-- Damaged and cut short on the way.
SELECT postrider_receive(CAST(substr(readfile('answer.bin'), 1, 200) || x'00' || substr(readfile('answer.bin'), 202) AS BLOB));
SELECT postrider_receive(substr(readfile('answer.bin'), 1, 100));
SELECT postrider_receive(readfile('answer.bin'));
SELECT postrider_receive(readfile('answer.bin'));
SELECT peer, state FROM postrider_status;
SELECT writefile('confirm.bin', envelope) > 100 FROM postrider_pending('b');

.open b/shop.db
.load ./mod_postrider
SELECT postrider_receive(readfile('confirm.bin'));
SELECT peer, state FROM postrider_status;
SELECT field FROM postrider_inspect(readfile('confirm.bin'));
-- It is for b, not for a.
.open a/shop.db
.load ./mod_postrider
SELECT postrider_receive(readfile('confirm.bin'));
SELECT count(*) > 0 FROM postrider_refused;
.shell ls mail/new | wc -l
