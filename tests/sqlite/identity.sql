-- A secret that is lost and brought back, and a file that is moved, copied and made a node of its own.
SELECT * FROM postrider_export_identity();
SELECT postrider_new_identity('b');
SELECT postrider_import_identity('bundle', '/no/such/file');
SELECT postrider_import_identity('bundle');
SELECT * FROM postrider_declare('NODE a; PEER office MAILDIR ''@DIR@/mail'';');
SELECT postrider_sync_now();

CREATE TEMP TABLE kept AS SELECT bundle, code FROM postrider_export_identity();
SELECT substr(bundle, 1, 20), length(bundle) > 150, length(code) FROM kept;
SELECT writefile('code.txt', code) FROM kept;
.shell chmod 644 code.txt
SELECT postrider_import_identity((SELECT bundle FROM kept), '@DIR@/code.txt');
.shell chmod 600 code.txt
SELECT postrider_import_identity((SELECT bundle FROM kept), '@DIR@/code.txt');
.shell rm state/*.secret
SELECT postrider_sync_now();
SELECT "check", health FROM postrider_diagnose;
SELECT postrider_import_identity((SELECT bundle FROM kept), 'code.txt');
SELECT postrider_import_identity('postrider-identity1:AAAA', '@DIR@/code.txt');
SELECT postrider_import_identity((SELECT bundle FROM kept), '@DIR@/code.txt');
SELECT postrider_sync_now();
SELECT kind, message FROM postrider_events;

-- Moved within one file system, it is the same file.
.open :memory:
.shell mv a/shop.db a/moved.db
.open a/moved.db
.load ./mod_postrider
SELECT postrider_sync_now();

-- A copy is another file at another path.
.open :memory:
.shell cp a/moved.db b/copy.db
.open b/copy.db
.load ./mod_postrider
SELECT postrider_sync_now();
SELECT * FROM postrider_pending('office');
SELECT postrider_new_identity('a');
SELECT postrider_new_identity('office');
SELECT postrider_new_identity('b');
SELECT postrider_sync_now();
SELECT text FROM postrider_describe;
SELECT peer, state, action FROM postrider_status;

-- The other way: the copy is the node, the original is gone.
.open :memory:
.shell mkdir c && cp a/moved.db c/copy.db && rm a/moved.db
.open c/copy.db
.load ./mod_postrider
SELECT postrider_sync_now();
SELECT postrider_claim_identity();
SELECT postrider_sync_now();
