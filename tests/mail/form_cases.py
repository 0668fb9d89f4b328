"""Lines that take attachments away, with whole nodes at the fault server: what arrives is found, and remembered."""
import pathlib
import tempfile
import time
import types

from fault_client import FaultServer
from node_cases import Node, office_and_shop, pair

SECONDS = 120
# What waits for its time need not; the rules are the same.
HURRY = """UPDATE postrider_outbox SET next_send = 0;
UPDATE postrider_stream_in SET news_since = news_since - 600000 WHERE news_since IS NOT NULL;
UPDATE postrider_stream_in SET told_at = told_at - 600000, last_repeat = NULL WHERE told_at IS NOT NULL;"""


def run(case):
    with FaultServer() as server, tempfile.TemporaryDirectory() as folder:
        as_servers = types.SimpleNamespace(
            ports={**server.ports, "submission": server.ports["smtp"]}, address=lambda user: f"{user}@test.invalid",
            certificates=types.SimpleNamespace(authority=server.authority))
        office, shop = office_and_shop(as_servers, pathlib.Path(folder))
        pair(office, shop)
        exchange(office, shop, "A")
        case(server, office, shop)


def exchange(office: Node, shop: Node, sku):
    """A row goes there, and its acknowledgement comes back."""
    office.sql(f"INSERT INTO products VALUES ('{sku}', 'fruit');")
    deadline = time.monotonic() + SECONDS
    while True:
        for node in (office, shop):
            node.sql(HURRY)
            node.sync()
        arrived = shop.sql(f"SELECT count(*) FROM products WHERE sku = '{sku}';")
        unanswered = office.sql("SELECT count(*) FROM postrider_outbox;")
        if (arrived, unanswered) == ("1", "0"):
            return
        assert time.monotonic() < deadline, f"arrived: {arrived}, not acknowledged: {unanswered}"


def rows_and_reports_arrive_where_attachments_are_taken_away(server, office, shop):
    server.say("set", "smtp.attachments", "off")
    exchange(office, shop, "B")
    exchange(office, shop, "C")


def what_a_server_refuses_goes_in_the_form_that_it_takes(server, office, shop):
    server.say("fault", "smtp", "body", "from=a@*", "times=2", "reply=552 5.7.0 no attachments here")
    exchange(office, shop, "B")
    told = office.sql("SELECT message FROM postrider_events WHERE kind = 'mail_form';")
    assert told == "mails to b@test.invalid go as text, since attachments did not arrive", told
    explained = office.sql("SELECT blocked_by FROM postrider_explain('shop') WHERE station = 'form of mails';")
    assert explained == told, explained


CASES = [
    rows_and_reports_arrive_where_attachments_are_taken_away,
    what_a_server_refuses_goes_in_the_form_that_it_takes,
]
