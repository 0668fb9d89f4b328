-- What people do wrong, and that each answer says what to do next. functions.sql has the arguments of every function.
CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT);
-- Called as a value.
SELECT postrider_declare('NODE a;');
SELECT postrider_describe();
SELECT postrider_accept('line', '/folder');
-- A text may be a file; then quotes are not doubled.
.shell printf "NODE a;\nPEER b MAILDIR '@DIR@/mail';\n" > a.postrider
SELECT action, object FROM postrider_declare(readfile('a.postrider'));
SELECT * FROM postrider_declare(readfile('no_such_file'));
SELECT * FROM postrider_declare(42);
SELECT * FROM postrider_declare(x'ff00');
SELECT * FROM postrider_declare('GROUP g;', 'exact');
SELECT * FROM postrider_declare('GROUP g;', 2);
-- Quotes.
SELECT * FROM postrider_plan('PEER b MAILDIR mail;');
SELECT * FROM postrider_plan('PEER b MAILDIR /mail;');
SELECT * FROM postrider_plan('PEER ''b'';');
SELECT * FROM postrider_plan('TASK x SEND t WHERE v = 1 TO b;');
-- What PAUSE names is in the text.
SELECT action, object FROM postrider_declare('PAUSE PEER b;');
SELECT state, action FROM postrider_status;
SELECT action, object FROM postrider_declare('RESUME PEER b;');
-- What is still named elsewhere.
SELECT action, object FROM postrider_declare('TASK x SEND t TO b;');
SELECT * FROM postrider_plan('DROP PEER b;');
SELECT action, object FROM postrider_declare('DROP TASK x;');
-- Addresses of an invitation.
SELECT length(postrider_invite('b')) > 100;
.open b/shop.db
.load ./mod_postrider
SELECT action FROM postrider_declare('NODE b; PEER a;');
SELECT writefile('line.txt', postrider_invite('a')) > 100;
.open a/shop.db
.load ./mod_postrider
SELECT * FROM postrider_accept(readfile('line.txt'), 'mail');
SELECT * FROM postrider_accept(readfile('line.txt'), 'sync@hq.example');
-- Secrets.
.shell chmod 644 state/*.secret
SELECT postrider_sync_now();
.shell chmod 600 state/*.secret; chmod 777 state
SELECT postrider_sync_now();
.shell chmod 700 state
.shell for file in state/*.secret; do cp -p $file $file.kept; echo junk > $file; done
SELECT postrider_sync_now();
.shell for file in state/*.secret; do cp $file.kept $file; touch ${file%secret}state; chmod 600 ${file%secret}state; done
SELECT postrider_sync_now();
.shell rm state/*.state state/*.secret
SELECT postrider_sync_now();
.shell for file in state/*.kept; do mv $file ${file%.kept}; done
SELECT postrider_sync_now();
-- A file that is locked, and one that is only read.
.output lock.sql
.print BEGIN IMMEDIATE;
.print '.shell touch locked; timeout 60 sh -c "while [ -e locked ]; do sleep 0.05; done"'
.output
.shell sqlite3 a/shop.db < lock.sql & timeout 60 sh -c 'until [ -e locked ]; do sleep 0.05; done'
SELECT * FROM postrider_declare('GROUP g;');
.shell rm locked
.open 'file:b/shop.db?mode=ro'
.load ./mod_postrider
SELECT * FROM postrider_declare('GROUP g;');
