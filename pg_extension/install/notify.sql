-- Tells sessions that LISTEN postrider of what was committed: that something came from a peer, that a row of its is not
-- parked any more, or that an event was written. The payload is the number of the peer, and nothing where an event is
-- about none. The worker writes with users' triggers switched off, so these fire always. A queue that a listener has let
-- fill up is left alone: nobody may keep changes from being applied by not listening.
CREATE FUNCTION postrider.tell_listeners() RETURNS trigger
    LANGUAGE plpgsql AS $function$
BEGIN
    IF pg_catalog.pg_notification_queue_usage() OPERATOR(pg_catalog.<) 0.5 THEN
        PERFORM pg_catalog.pg_notify('postrider', coalesce(NEW.peer_id::text, OLD.peer_id::text, ''));
    END IF;
    RETURN NULL;
END
$function$;
CREATE TRIGGER tell_listeners AFTER INSERT ON postrider.event
    FOR EACH ROW EXECUTE FUNCTION postrider.tell_listeners();
ALTER TABLE postrider.event ENABLE ALWAYS TRIGGER tell_listeners;
CREATE TRIGGER tell_listeners AFTER UPDATE OF state ON postrider.delivery
    FOR EACH ROW WHEN (NEW.direction = 'received' AND NEW.state = 'applied' AND OLD.state <> 'applied')
    EXECUTE FUNCTION postrider.tell_listeners();
ALTER TABLE postrider.delivery ENABLE ALWAYS TRIGGER tell_listeners;
CREATE TRIGGER tell_listeners AFTER DELETE ON postrider.parked_row
    FOR EACH ROW EXECUTE FUNCTION postrider.tell_listeners();
ALTER TABLE postrider.parked_row ENABLE ALWAYS TRIGGER tell_listeners;
