-- Nothing for everybody. What a user may do is given by two roles, which are the server's: another database may have
-- made them before.
REVOKE ALL ON SCHEMA postrider FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA postrider FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA postrider FROM PUBLIC;
REVOKE ALL ON ALL ROUTINES IN SCHEMA postrider FROM PUBLIC;

DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['postrider_admin', 'postrider_monitor'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role) THEN
            EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', role);
        END IF;
    END LOOP;
    -- The workers are it, whose rights count for users' tables. They have to be able to log in, which nobody else can: the
    -- limit does not count background workers. What postrider.apply_role names instead is made by whoever sets it.
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'postrider_apply') THEN
        CREATE ROLE postrider_apply LOGIN CONNECTION LIMIT 0;
    END IF;
    IF NOT pg_catalog.has_database_privilege('postrider_apply', pg_catalog.current_database(), 'CONNECT')
       OR NOT pg_catalog.has_database_privilege('postrider_apply', pg_catalog.current_database(), 'TEMPORARY') THEN
        EXECUTE pg_catalog.format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO postrider_apply',
                                  pg_catalog.current_database());
    END IF;
END
$$;

GRANT USAGE ON SCHEMA postrider TO postrider_admin, postrider_monitor;
GRANT SELECT ON postrider.status, postrider.history, postrider.events, postrider.refused, postrider.offers,
    postrider.parked, postrider.progress, postrider.schema_differences, postrider.mailboxes
    TO postrider_admin, postrider_monitor;
GRANT EXECUTE ON FUNCTION postrider.version() TO postrider_admin, postrider_monitor;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA postrider TO postrider_admin;
-- The name of the peer whose number a notification has.
GRANT SELECT (peer_id, name) ON postrider.peer TO postrider_admin, postrider_monitor;
REVOKE ALL ON FUNCTION postrider.capture(), postrider.take_captured(), postrider.capture_partitions(),
    postrider.tell_listeners() FROM postrider_admin;

-- The launcher looks whether this database wants a worker, when all of this has been committed.
SELECT postrider.wake();
