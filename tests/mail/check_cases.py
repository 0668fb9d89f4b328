"""check_mailbox: what is said of mailboxes that work, and of those that do not, by a node of each engine."""
import pathlib
import tempfile
import time
import types

from fault_client import FaultServer
from mail_clients import text
from mail_servers import MailServers
from node_cases import PASSWORD, Node, quoted
from office import Office

FORMS = ["mail with an attachment", "mail that is one attachment", "mail of text"]
STEPS = ["servers", "servers", "password", "receive", "folder", "abilities", "send", "size", *FORMS]
SECONDS = 60


def run_real(case):
    wanted = case is a_certificate_in_the_place_of_a_password_passes
    with MailServers("exim", client_certificates=wanted) as servers, tempfile.TemporaryDirectory() as folder:
        case(servers, pathlib.Path(folder))


def run_fault(case):
    with FaultServer() as server, tempfile.TemporaryDirectory() as folder:
        as_servers = types.SimpleNamespace(
            ports={**server.ports, "submission": server.ports["smtp"]}, address=lambda user: f"{user}@test.invalid",
            certificates=types.SimpleNamespace(authority=server.authority))
        node = Node(as_servers, pathlib.Path(folder), "office", "a")
        node.declare(f"NODE office; {node.mailbox()}")
        case(server, node)


def rows_of(listed):
    return [line.split("|", 2) for line in listed.splitlines()]


def checked(node, seconds=SECONDS):
    """The rows of a check."""
    return rows_of(node.sql(f"SELECT * FROM postrider_check_mailbox('main', {seconds});"))


def failures(rows):
    """What is said to fail, by its subject; each has something to do."""
    failed = {subject: detail for action, subject, detail in rows if action == "failed"}
    without_advice = failed.keys() - {subject for action, subject, _ in rows if action == "to do"}
    assert not without_advice, (without_advice, rows)
    return failed


def all_is_well(rows):
    assert [subject for _, subject, _ in rows] == STEPS, rows
    assert {action for action, _, _ in rows} == {"passed"}, rows
    assert all("byte for byte" in detail for _, subject, detail in rows if subject in FORMS), rows


def node_of(servers, folder, protocol="imaps"):
    node = Node(servers, folder, "office", "a", protocol)
    node.declare(f"NODE office; {node.mailbox()}")
    return node


def a_good_mailbox_passes_and_is_left_as_it_was(servers, folder, protocol="imaps"):
    servers.deliver("a", text("of somebody else", recipient="a@test.invalid"))
    before = [(mail.content, mail.flags) for mail in servers.wait_for_mails("a")]
    node = node_of(servers, folder, protocol)
    all_is_well(checked(node))
    assert [(mail.content, mail.flags) for mail in servers.mails("a")] == before, servers.mails("a")
    events = node.sql("SELECT message FROM postrider_events WHERE kind = 'mailbox';")
    assert events == 'mailbox "main" was tried: all is well', events


def so_does_one_of_pop3(servers, folder):
    a_good_mailbox_passes_and_is_left_as_it_was(servers, folder, "pop3s")


def a_node_that_runs_leaves_the_mails_of_the_test(servers, folder):
    node = node_of(servers, folder)
    node.sql("PRAGMA journal_mode = wal;")
    with node.running():
        for _ in range(3):
            all_is_well(checked(node))
    assert node.sql("SELECT count(*) FROM postrider_events WHERE kind = 'mailbox';") == "3"
    assert node.sql("SELECT * FROM postrider_refused;") == ""


def what_is_wrong_with_a_password_is_said(servers, folder):
    node = node_of(servers, folder)
    node.write_password("wrong")
    failed = failures(checked(node))
    assert failed.keys() == {"receive", "send"} and "password" in failed["receive"], failed
    (node.state / "main.password").unlink()
    failed = failures(checked(node))
    assert failed.keys() == {"password"} and "there is no password file" in failed["password"], failed


def a_folder_that_is_not_there_is_said(servers, folder):
    node = node_of(servers, folder)
    node.declare(node.mailbox().replace(node.receive, node.receive + "/Nowhere"))
    rows = checked(node)
    assert failures(rows).keys() == {"folder"}, rows
    assert ["send", "size"] == [subject for action, subject, _ in rows if action == "passed"][-2:], rows


def a_certificate_in_the_place_of_a_password_passes(servers, folder):
    node = Node(servers, folder, "office", "a")
    (node.state / "main.password").unlink()
    node.receive += "?certificate=main.pem&key=main.key"
    node.send += "?certificate=main.pem&key=main.key"
    node.declare(f"NODE office; {node.mailbox()}")
    rows = checked(node)
    assert failures(rows).keys() == {"certificate"}, rows
    assert any(action == "to do" and "umask 077; cat >" in words for action, _, words in rows), rows
    for name, source in (("main.pem", servers.certificates.certificate("client")),
                         ("main.key", servers.certificates.key("client"))):
        place = node.state / name
        place.touch(0o600)
        place.write_bytes(source.read_bytes())
    rows = checked(node)
    assert [subject for _, subject, _ in rows] == [*STEPS[:2], "certificate", *STEPS[3:]], rows
    assert not failures(rows), rows
    assert rows[2][2] == "the certificate is in the file main.pem, its key in main.key", rows
    assert rows[3][2].endswith("encrypted (TLS), with the certificate main.pem"), rows
    secret = (node.state / "main.key").read_text(encoding="utf-8").splitlines()[1]
    kept = [path for path in (folder / "office").iterdir() if secret.encode() in path.read_bytes()]
    assert not kept, kept


def an_office_in_postgresql_tries_its_mailbox(servers, _folder):
    with Office(servers, "a", PASSWORD) as office:
        office.query(f"SELECT * FROM postrider.declare($$NODE hq; {office.mailbox()}$$)")
        office.query("CREATE ROLE clerk; GRANT postrider_admin TO clerk")
        all_is_well(rows_of(office.query("SET ROLE clerk; SELECT * FROM postrider.check_mailbox('main')")))
        assert servers.count("a") == 0
        office.write_password("wrong")
        failed = failures(rows_of(office.query("SELECT * FROM postrider.check_mailbox('main', 30)")))
        assert failed.keys() == {"receive", "send"}, failed
        begun = time.monotonic()
        assert office.sql("hq", "SET statement_timeout = '300ms'; SELECT * FROM postrider.check_mailbox('main')",
                          may_fail=True) is None
        assert time.monotonic() - begun < SECONDS, "a statement that was cancelled went on"


def attachments_that_a_gateway_takes_away_are_said(server, node):
    server.say("set", "smtp.attachments", "off")
    rows = checked(node)
    failed = failures(rows)
    assert failed.keys() == set(FORMS[:2]), rows
    assert all("without what was in it" in words for words in failed.values()), rows
    assert server.ask("mails", "a") == []


def mails_that_do_not_come_back_end_in_time(server, node):
    server.say("path", "loss=1")
    begun = time.monotonic()
    failed = failures(checked(node, 3))
    assert failed.keys() == set(FORMS) and all("within 3 s" in words for words in failed.values()), failed
    assert time.monotonic() - begun < SECONDS


def a_silent_server_ends_in_time(server, node):
    server.say("fault", "imap", "select", "silent")
    begun = time.monotonic()
    failed = failures(checked(node, 3))
    assert failed.keys() == {"receive"} and "within 3 s" in failed["receive"], failed
    assert time.monotonic() - begun < SECONDS


def a_refusal_of_the_mails_is_said_with_its_reason(server, node):
    server.say("fault", "smtp", "rcpt", "reply=554 5.7.1 taken for spam")
    failed = failures(checked(node))
    assert failed.keys() == set(FORMS) and all("spam" in words for words in failed.values()), failed


def what_a_server_lacks_is_said(server, node):
    server.say("set", "imap.without", "IDLE UIDPLUS MOVE")
    rows = checked(node)
    abilities = next(detail for _, subject, detail in rows if subject == "abilities")
    assert all(word in abilities for word in ("no IDLE", "no UIDPLUS", "no MOVE")), abilities
    assert not failures(rows), rows


def of_a_mailbox_with_a_maildir_only_sending_is_tried(server, node):
    node.declare(node.mailbox().replace(node.receive, f"maildir:{node.state}"))
    rows = checked(node)
    assert [subject for _, subject, _ in rows] == ["servers", "servers", "password", "send", "size"], rows
    assert str(node.state) in rows[0][2] and {action for action, _, _ in rows} == {"passed"}, rows
    assert server.ask("submissions") == []


def names_and_seconds_that_are_wrong_are_refused(_server, node):
    for arguments, words in (("'other'", 'there is no mailbox "other" here'), ("'main', 0", "from 1 to 3600"),
                             ("'main', 'long'", "from 1 to 3600")):
        try:
            node.sql(f"SELECT * FROM postrider_check_mailbox({arguments});")
        except AssertionError as refusal:
            assert words in str(refusal), refusal
        else:
            raise AssertionError(f"{quoted(arguments)} was taken")


REAL_CASES = [
    a_good_mailbox_passes_and_is_left_as_it_was,
    so_does_one_of_pop3,
    a_node_that_runs_leaves_the_mails_of_the_test,
    what_is_wrong_with_a_password_is_said,
    a_folder_that_is_not_there_is_said,
    a_certificate_in_the_place_of_a_password_passes,
    an_office_in_postgresql_tries_its_mailbox,
]
FAULT_CASES = [
    attachments_that_a_gateway_takes_away_are_said,
    mails_that_do_not_come_back_end_in_time,
    a_silent_server_ends_in_time,
    a_refusal_of_the_mails_is_said_with_its_reason,
    what_a_server_lacks_is_said,
    of_a_mailbox_with_a_maildir_only_sending_is_tried,
    names_and_seconds_that_are_wrong_are_refused,
]
