-- Envelopes carried by hand: what is due is given as bytea and taken there. Here the two pair anew.
\set ECHO none
\set trusting true
\set both `echo "$PG_ABS_SRCDIR/tests/postgresql/two_databases.sql"`
\i :both
\set ECHO all
SELECT postrider.revoke('branch');
SELECT postrider.invite('branch') AS invitation \gset
\c postrider_branch
SELECT postrider.revoke('office');
SELECT action, object FROM postrider.accept(:'invitation');
SELECT bytes = length(envelope) AS fits, encode(envelope, 'hex') AS answer FROM postrider.pending('office') \gset
\c postrider_office
-- Damaged and cut short on the way; whole; twice.
SELECT postrider.receive(set_byte(decode(:'answer', 'hex'), 200, get_byte(decode(:'answer', 'hex'), 200) # 1));
SELECT postrider.receive(substr(decode(:'answer', 'hex'), 1, 100));
SELECT postrider.receive(decode(:'answer', 'hex'));
SELECT postrider.receive(decode(:'answer', 'hex'));
SELECT peer, state FROM postrider.status;
SELECT string_agg(encode(envelope, 'hex'), ' ') AS envelopes FROM postrider.pending('branch') \gset
-- They are for the branch, not for us.
SELECT DISTINCT postrider.receive(decode(envelope, 'hex')) FROM string_to_table(:'envelopes', ' ') envelope;
SELECT count(*) > 0 AS refused FROM postrider.refused;
\c postrider_branch
SELECT DISTINCT postrider.receive(decode(envelope, 'hex')) FROM string_to_table(:'envelopes', ' ') envelope;
SELECT peer, state FROM postrider.status;
