-- What users call; docs/sql_reference.md describes each. Roles: postrider_admin may call all of it, postrider_monitor
-- what only looks.

CREATE FUNCTION postrider.version() RETURNS text
    LANGUAGE c STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'postrider_version';

-- Setting up.
CREATE FUNCTION postrider.declare(task_text text, exact boolean DEFAULT false)
    RETURNS TABLE (action text, object text, detail text)
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'postrider_declare';
CREATE FUNCTION postrider.plan(task_text text, exact boolean DEFAULT false)
    RETURNS TABLE (action text, object text, detail text)
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'postrider_plan';
CREATE FUNCTION postrider.describe(object text DEFAULT NULL) RETURNS text
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'postrider_describe';
CREATE FUNCTION postrider.invite(peer text) RETURNS text
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'postrider_invite';
CREATE FUNCTION postrider.accept(line text, address text DEFAULT NULL, trust_tasks boolean DEFAULT false)
    RETURNS TABLE (action text, object text, detail text)
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'postrider_accept';
CREATE FUNCTION postrider.confirm_peer(peer text, words text) RETURNS text
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'postrider_confirm_peer';
CREATE FUNCTION postrider.accept_offer(offer text)
    RETURNS TABLE (action text, object text, detail text)
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'postrider_accept_offer';
CREATE FUNCTION postrider.check_mailbox(mailbox text, seconds bigint DEFAULT NULL)
    RETURNS TABLE (action text, object text, detail text)
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'postrider_check_mailbox';
CREATE FUNCTION postrider.approve() RETURNS text
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'postrider_approve';
CREATE FUNCTION postrider.revoke(peer text) RETURNS text
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'postrider_revoke';
CREATE FUNCTION postrider.replace_peer(peer text) RETURNS text
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'postrider_replace_peer';
CREATE FUNCTION postrider.claim_identity() RETURNS text
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'postrider_claim_identity';
CREATE FUNCTION postrider.new_identity(name text)
    RETURNS TABLE (action text, object text, detail text)
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'postrider_new_identity';
CREATE FUNCTION postrider.export_identity() RETURNS TABLE (bundle text, code text)
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'postrider_export_identity';
CREATE FUNCTION postrider.import_identity(bundle text, code_file text) RETURNS text
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'postrider_import_identity';
CREATE FUNCTION postrider.uninstall(abandon_waiting boolean DEFAULT false) RETURNS text
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'postrider_uninstall';

-- Running.
CREATE PROCEDURE postrider.sync_now(peer text DEFAULT NULL)
    LANGUAGE c AS 'MODULE_PATHNAME', 'postrider_sync_now';
CREATE FUNCTION postrider.start() RETURNS text
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'postrider_start';
CREATE FUNCTION postrider.stop() RETURNS text
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'postrider_stop';
CREATE FUNCTION postrider.wake() RETURNS void
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'postrider_wake';

-- Acting.
CREATE FUNCTION postrider.reload(task text, peer text DEFAULT NULL) RETURNS text
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'postrider_reload';
CREATE FUNCTION postrider.discard_parked(id bigint) RETURNS text
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'postrider_discard_parked';
CREATE FUNCTION postrider.retry_parked(id bigint DEFAULT NULL) RETURNS text
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'postrider_retry_parked';
CREATE FUNCTION postrider.receive(envelope bytea) RETURNS text
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'postrider_receive';
CREATE FUNCTION postrider.pending(peer text) RETURNS TABLE (bytes bigint, envelope bytea)
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'postrider_pending';

-- Looking.
CREATE FUNCTION postrider.inspect(envelope bytea) RETURNS TABLE (field text, value text)
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'postrider_inspect';
CREATE FUNCTION postrider.explain(peer text)
    RETURNS TABLE (direction text, station text, count bigint, unit text, last text, blocked_by text, action text)
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'postrider_explain';
CREATE FUNCTION postrider.trace(table_name text, VARIADIC key text[])
    RETURNS TABLE (place text, peer text, detail text)
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'postrider_trace';
CREATE FUNCTION postrider.diagnose() RETURNS TABLE ("check" text, health text, detail text, action text)
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'postrider_diagnose';
