"""Whole nodes that meet by mail: SQLite files whose workers start the network process, with real servers between."""
import contextlib
import email
import os
import signal
import pathlib
import shutil
import subprocess
import tempfile
import time

from counting_proxy import CountingProxy
from mail_servers import MailServers
from network_process import ROOT
from office import Office

BUILD = ROOT / os.environ.get("POSTRIDER_BUILD", "build/release")
PASSWORD = "secret"  # of every user of the test servers
SECONDS = 120
QUIET_SECONDS = 30  # less than a server's own signs of life in IDLE, which Dovecot gives every two minutes


def run(case, mta):
    with MailServers(mta) as servers, tempfile.TemporaryDirectory() as folder:
        case(servers, pathlib.Path(folder))


class Node:
    """A SQLite file with a mailbox of its own."""

    def __init__(self, servers, folder, name, user, protocol="imaps"):
        self.servers, self.name, self.user = servers, name, user
        (folder / name).mkdir()
        self.file = folder / name / f"{name}.db"
        self.state = folder / f"{name}.state"
        self.state.mkdir(parents=True, mode=0o700)
        self.receive = f"{protocol}://localhost:{servers.ports[protocol]}"
        self.send = f"smtp://localhost:{servers.ports['submission']}"
        self.extension = BUILD / "mod_postrider"
        self.environment = {**os.environ, "POSTRIDER_STATE_DIRECTORY": str(self.state),
                            "SSL_CERT_FILE": str(servers.certificates.authority)}
        self.write_password(PASSWORD)

    def write_password(self, password):
        place = self.state / "main.password"
        place.touch(0o600)
        place.write_text(password + "\n", encoding="utf-8")

    def mailbox(self, hours=""):
        return (f"MAILBOX main ADDRESS '{self.servers.address(self.user)}' RECEIVE '{self.receive}' "
                f"SEND '{self.send}' {hours};")

    def declare(self, text):
        return self.sql(f"SELECT * FROM postrider_declare({quoted(text)});")

    def sql(self, text):
        done = subprocess.run(
            ["sqlite3", "-batch", "-bail", str(self.file)],
            input=f".load {self.extension}\n.timeout 60000\n{text}\n", env=self.environment, text=True,
            check=False, capture_output=True)
        assert done.returncode == 0 and not done.stderr, f"{self.name}: {text}\n{done.stdout}{done.stderr}"
        return done.stdout.strip()

    def sync(self):
        return self.sql("SELECT postrider_sync_now();")

    @contextlib.contextmanager
    def running(self):
        """With postrider-run at work."""
        program = subprocess.Popen([BUILD / "postrider-run", self.file], env=self.environment,
                                   stderr=subprocess.DEVNULL)
        try:
            yield program
        finally:
            program.terminate()
            assert program.wait(30) == 0, f"postrider-run of {self.name} ended with {program.returncode}"

    def wait_for(self, query, wanted, seconds=SECONDS):
        deadline = time.monotonic() + seconds
        while (found := self.sql(query)) != wanted:
            if time.monotonic() > deadline:
                events = self.sql("SELECT message FROM postrider_events; SELECT reason FROM postrider_refused;"
                                  "SELECT summary FROM postrider_status;")
                raise AssertionError(f"{self.name}: {query} gives {found!r} and not {wanted!r}\n{events}")
            time.sleep(0.1)


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def office_and_shop(servers, folder, protocol="imaps"):
    office = Node(servers, folder, "office", "a", protocol)
    shop = Node(servers, folder, "shop", "b", protocol)
    for node in (office, shop):
        node.sql("CREATE TABLE products(sku TEXT NOT NULL PRIMARY KEY, name TEXT);")
    office.declare(f"NODE office; {office.mailbox()} PEER shop; TASK prices SEND products TO shop;")
    shop.declare(f"NODE shop; {shop.mailbox()}")
    return office, shop


def pair(office, shop):
    """By the line alone: each names its mailbox itself."""
    line = office.sql("SELECT postrider_invite('shop');")
    shop.sql(f"SELECT * FROM postrider_accept({quoted(line)}, NULL, 1);")


def rows_arrive_by_rounds_that_people_ask_for(servers, folder, protocol="imaps"):
    office, shop = office_and_shop(servers, folder, protocol)
    pair(office, shop)
    office.sql("INSERT INTO products VALUES ('A', 'apple'), ('B', 'pear');")
    deadline = time.monotonic() + SECONDS
    while True:  # a server may take its time until a mail lies in its mailbox
        shop.sync()
        office.sync()
        rows = shop.sql("SELECT * FROM products ORDER BY sku;")
        lying = {user: servers.count(user) for user in "ab"}
        if rows == "A|apple\nB|pear" and max(lying.values()) <= 1:
            return
        assert time.monotonic() < deadline, f"rows: {rows}; mails that are committed and yet lie there: {lying}"


def rows_arrive_by_rounds_over_pop3(servers, folder):
    rows_arrive_by_rounds_that_people_ask_for(servers, folder, "pop3s")


def rows_arrive_soon_while_both_run(servers, folder):
    office, shop = office_and_shop(servers, folder)
    pair(office, shop)
    with office.running(), shop.running():
        office.sql("INSERT INTO products VALUES ('A', 'apple');")
        shop.wait_for("SELECT name FROM products;", "apple")
        for number in range(5):
            office.sql(f"UPDATE products SET name = 'apple {number}';")
            shop.wait_for("SELECT name FROM products;", f"apple {number}")
        office.wait_for("SELECT state FROM postrider_status;", "in step")


def a_person_is_told_when_something_is_wrong_and_when_it_is_over(servers, folder):
    office, shop = office_and_shop(servers, folder)
    pair(office, shop)
    with office.running(), shop.running():
        office.wait_for("SELECT state FROM postrider_status;", "in step")
    office.declare(f"NODE office ALERT '{servers.address('c')}' AFTER 1 SECOND;")
    office.sql("INSERT INTO products VALUES ('A', 'apple');")
    for count, nodes, subject in ((1, [office], "shop is sending"), (2, [office, shop], "shop is well again")):
        deadline = time.monotonic() + SECONDS
        while servers.count("c") < count:
            assert time.monotonic() < deadline, f"nobody is told that {subject}"
            for node in nodes:
                node.sync()
        told = email.message_from_bytes(servers.mails("c")[-1].content)
        assert told["Subject"] == f'Postrider: {subject}, at node "office"', told
        assert told["From"] == servers.address("a") and told["To"] == servers.address("c"), told
        assert 'Peer "shop" at node "office" is' in told.get_payload(decode=True).decode(), told.get_payload()


def a_wrong_password_is_said_and_waits(servers, folder):
    office, shop = office_and_shop(servers, folder)
    pair(office, shop)
    shop.write_password("wrong")
    with shop.running():
        shop.wait_for("SELECT count(*) > 0 FROM postrider_refused WHERE reason LIKE '%password%';", "1")
        shop.wait_for("SELECT state FROM postrider_mailboxes;", "failing")
        shop.wait_for("SELECT count(*) FROM postrider_status WHERE summary LIKE '%cannot fetch mail for main since %'"
                      " AND summary LIKE '%password%' AND action <> '';", "1")
        assert PASSWORD not in shop.sql("SELECT * FROM postrider_refused; SELECT * FROM postrider_events;"
                                        "SELECT * FROM postrider_mailboxes; SELECT * FROM postrider_explain('office');")
        shop.write_password(PASSWORD)
        with office.running():
            office.wait_for("SELECT state FROM postrider_status;", "in step")
            shop.wait_for("SELECT state || failures || error FROM postrider_mailboxes;", "works0")
    assert shop.sql("SELECT count(*) FROM postrider_events WHERE kind = 'mailbox_works';") == "1"


def a_missing_network_process_is_said_at_the_peer(servers, folder):
    """It is looked for beside the extension."""
    office, _ = office_and_shop(servers, folder)
    lonely = folder / "lonely"
    lonely.mkdir()
    shutil.copy(BUILD / "mod_postrider.so", lonely / "mod_postrider.so")
    office.extension = lonely / "mod_postrider"
    office.sync()
    assert office.sql("SELECT error LIKE 'postrider-network is missing at %' FROM postrider_mailboxes;") == "1"
    office.extension = BUILD / "mod_postrider"
    office.sync()
    office.wait_for("SELECT state FROM postrider_mailboxes;", "works")


def an_address_that_does_not_exist_is_said_until_it_is_mended(servers, folder):
    office, shop = office_and_shop(servers, folder)
    pair(office, shop)
    with office.running(), shop.running():
        office.sql("INSERT INTO products VALUES ('A', 'apple');")
        shop.wait_for("SELECT name FROM products;", "apple")
        office.wait_for("SELECT state FROM postrider_status;", "in step")
        office.declare("PEER shop MAIL 'nobody@far.invalid';")
        office.sql("UPDATE products SET name = 'pear';")
        office.wait_for("SELECT count(*) FROM postrider_status WHERE state = 'unreachable'"
                        " AND summary LIKE 'mails to nobody@far.invalid come back, last on %' AND action <> '';", "1")
        assert office.sql("SELECT count(*) FROM postrider_explain('shop') WHERE station = 'mail nobody@far.invalid'"
                          " AND blocked_by LIKE 'mails come back%';") == "1"
        assert office.sql("SELECT count(*) FROM postrider_events WHERE kind = 'mail_bounced';") == "1"
        office.declare(f"PEER shop MAIL '{servers.address('b')}';")
        shop.wait_for("SELECT name FROM products;", "pear")
        office.wait_for("SELECT state FROM postrider_status;", "in step")
        deadline = time.monotonic() + SECONDS
        while servers.count("a") > 0:
            assert time.monotonic() < deadline, "the bounce was not removed"
            time.sleep(0.1)


@contextlib.contextmanager
def counting_proxies(servers):
    """Before the servers that nodes talk to."""
    with contextlib.ExitStack() as proxies:
        ports = dict(servers.ports)
        proxy_of = {name: proxies.enter_context(CountingProxy(ports[name])) for name in ("imaps", "submission")}
        servers.ports = {**ports, **{name: proxy.port for name, proxy in proxy_of.items()}}
        yield proxy_of


def a_mailbox_is_used_within_its_hours_alone(servers, folder):
    with counting_proxies(servers) as proxy_of:
        office, shop = office_and_shop(servers, folder)
        pair(office, shop)
        with office.running(), shop.running():
            office.wait_for("SELECT state FROM postrider_status;", "in step")
        office.declare(office.mailbox("EVERY 12 HOURS"))
        with office.running():  # the first opening is at once
            office.wait_for("SELECT used_at > 0 FROM postrider_mailbox;", "1")
            made = [proxy.connections for proxy in proxy_of.values()]
            office.sql("INSERT INTO products VALUES ('A', 'apple');")
            office.wait_for("SELECT state, summary LIKE '%for the hours of mailbox \"main\"%' FROM postrider_status;",
                            "waiting|1")
        office.sync()
        assert [proxy.connections for proxy in proxy_of.values()] == made, "it connected outside of its hours"
        office.declare(office.mailbox())
        with office.running(), shop.running():
            shop.wait_for("SELECT name FROM products;", "apple")


def nothing_is_said_while_nothing_changes(servers, folder):
    with counting_proxies(servers) as proxy_of:
        office, shop = office_and_shop(servers, folder)
        pair(office, shop)
        with office.running(), shop.running():
            office.sql("INSERT INTO products VALUES ('A', 'apple');")
            shop.wait_for("SELECT name FROM products;", "apple")
            office.wait_for("SELECT state FROM postrider_status;", "in step")
            deadline, said, since = time.monotonic() + SECONDS, None, None
            while since is None or time.monotonic() - since < QUIET_SECONDS:
                now = [(proxy.passed_on, proxy.connections) for proxy in proxy_of.values()]
                if now != said:  # the last reports, and connections that end
                    said, since = now, time.monotonic()
                assert time.monotonic() < deadline, f"bytes and connections of {list(proxy_of)}: {said}"
                time.sleep(0.2)
            assert said[0][0] > 0 and said[1][0] > 0, "nothing went through the proxies"
            office.sql("UPDATE products SET name = 'pear';")
            shop.wait_for("SELECT name FROM products;", "pear")


def an_office_in_postgresql_and_a_shop_in_sqlite_meet(servers, folder):
    shop = Node(servers, folder, "shop", "b")
    shop.sql("CREATE TABLE products(sku TEXT NOT NULL PRIMARY KEY, name TEXT);"
             "CREATE TABLE sales(id INTEGER PRIMARY KEY, sku TEXT);")
    shop.declare(f"NODE shop; {shop.mailbox()}")
    with Office(servers, "a", PASSWORD) as office:
        office.query("CREATE TABLE products(sku text PRIMARY KEY, name text);"
                     "CREATE TABLE sales(id bigint PRIMARY KEY, sku text)")
        office.query(f"SELECT * FROM postrider.declare($$NODE hq; {office.mailbox()} PEER shop;"
                     "TASK prices SEND products TO shop; TASK sold RECEIVE sales FROM shop$$)")
        line = office.query("SELECT postrider.invite('shop')")
        shop.sql(f"SELECT * FROM postrider_accept({quoted(line)}, NULL, 1);")
        with shop.running():
            office.query("INSERT INTO products VALUES ('A', 'apple')")
            shop.wait_for("SELECT name FROM products;", "apple")
            shop.sql("INSERT INTO sales VALUES (1, 'A');")
            office.wait_for("SELECT count(*) FROM sales", "1")
            session = office.client("hq", "-X", "-q", "-A", "-t", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            for number, how in enumerate((signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM), 2):
                office.end_network_process(how)
                office.query(f"UPDATE products SET name = 'apple {number}'")
                shop.sql(f"INSERT INTO sales VALUES ({number}, 'A');")
                shop.wait_for("SELECT name FROM products;", f"apple {number}")
                office.wait_for("SELECT count(*) FROM sales", str(number))
            out, _ = session.communicate("SELECT 'still here'")
            assert out.strip() == "still here", "a session of the server was ended"
            told = office.query("SELECT count(*) FROM postrider.refused WHERE reason LIKE '%network process ended%'")
            assert int(told) > 0, "nobody was told that the network process ended"
        office.query("DROP EXTENSION postrider CASCADE")
        office.wait_until("no network process", lambda: office.worker_pid("hq") is None)


CASES = [
    an_office_in_postgresql_and_a_shop_in_sqlite_meet,
    rows_arrive_by_rounds_that_people_ask_for,
    rows_arrive_by_rounds_over_pop3,
    rows_arrive_soon_while_both_run,
    a_wrong_password_is_said_and_waits,
    a_person_is_told_when_something_is_wrong_and_when_it_is_over,
    a_missing_network_process_is_said_at_the_peer,
    an_address_that_does_not_exist_is_said_until_it_is_mended,
]
# What the server that takes mails has no part in.
RECEIVING_CASES = [
    nothing_is_said_while_nothing_changes,
    a_mailbox_is_used_within_its_hours_alone,
]
