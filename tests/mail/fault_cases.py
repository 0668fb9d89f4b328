"""The fault server on a good day: what it speaks, and what it tells of what it saw."""
import base64
import imaplib
import poplib
import smtplib

from fault_client import FaultServer
from mail_clients import SECONDS, imap, pop3, refused, smtp, text

__all__ = ["CASES", "FaultServer"]


def a_mail_goes_through_all_three_protocols(server):
    with smtp(server) as client:
        client.sendmail("a@test.invalid", ["b@test.invalid"], text("first", ".begins with a dot"))
    assert [mail["subject"] for mail in server.ask("mails", "b")] == ["first"]
    with imap(server) as client:
        _, answer = client.uid("FETCH", "1", "(UID RFC822.SIZE BODY.PEEK[])")
        assert answer[0][1].endswith(b"\r\n.begins with a dot\r\n"), answer
    with pop3(server) as client:
        assert client.retr(1)[1][-1] == b".begins with a dot"
        client.dele(1)
        assert server.ask("mails", "b"), "deleted before QUIT"
        client.quit()
    assert server.ask("mails", "b") == []
    submission = server.ask("submissions")[0]
    assert submission["accepted"] and submission["tls"] and submission["recipients"] == ["b@test.invalid"], submission
    assert server.say("submission", 0) == text("first", ".begins with a dot")


def imap_reads_parts_and_searches(server):
    for number in range(1, 6):
        server.say("deliver", "b", content=text(f"mail {number}", "z" * 100 * number))
    with imap(server) as client:
        wanted = "(UID RFC822.SIZE INTERNALDATE FLAGS BODY.PEEK[HEADER.FIELDS (FROM SUBJECT)] BODY.PEEK[]<3.5>)"
        _, answer = client.uid("FETCH", "2:3", wanted)
        assert answer[0][1] == b"From: a@test.invalid\r\nSubject: mail 2\r\n\r\n", answer
        assert answer[1][0].startswith(b" BODY[]<3>") and answer[1][1] == b"m: a@", answer
        assert all(mail["flags"] == [] for mail in server.ask("mails", "b")), "reading has set a flag"
        assert client.uid("SEARCH", "ALL")[1] == [b"1 2 3 4 5"]
        assert client.uid("SEARCH", "NOT", "SUBJECT", "4", "LARGER", "400")[1] == [b"5"]
        client.uid("STORE", "1,3", "+FLAGS.SILENT", "(\\Seen \\Deleted)")
        assert client.uid("SEARCH", "UNSEEN")[1] == [b"2 4 5"]
        client.uid("SEARCH", "RETURN", "(ALL COUNT)", "ALL")
        assert client.response("ESEARCH")[1][0].endswith(b"UID ALL 1:5 COUNT 5")
        client.uid("EXPUNGE", "3")
        assert client.uid("SEARCH", "ALL")[1] == [b"1 2 4 5"]
        assert client.uid("SEARCH", "UID", "900:*")[1] == [b"5"]
        assert client.uid("FETCH", "900:*", "(UID)")[1] == [b"4 (UID 5)"]
        server.say("set", "imap.star", "off")
        assert client.uid("FETCH", "900:*", "(UID)")[1] == [None]


def imap_moves_copies_and_tells_quota(server):
    server.say("set", "quota.b", "204800")
    server.say("deliver", "b", content=text("one"))
    server.say("deliver", "b", content=text("two"))
    with imap(server) as client:
        client.create("postrider/done")
        assert b"postrider/done" in b" ".join(client.list()[1])
        assert client.uid("COPY", "1", "postrider/done")[0] == "OK"
        assert client.uid("MOVE", "2", "postrider/done")[0] == "OK"
        assert [mail["subject"] for mail in server.ask("mails", "b")] == ["one"]
        assert [mail["subject"] for mail in server.ask("mails", "b", "postrider/done")] == ["one", "two"]
        assert client.uid("MOVE", "1", "nowhere")[0] == "NO"
        assert b"STORAGE 0 200" in client.getquotaroot("INBOX")[1][1][0]
        assert b"\\Junk" in b" ".join(client.list()[1])
        server.say("set", "imap.without", "MOVE UIDPLUS ESEARCH")
        assert not {"MOVE", "UIDPLUS", "ESEARCH"} & set(client.capability()[1][0].decode().split())
        refused(imaplib.IMAP4.error, lambda: client.uid("MOVE", "1", "postrider/done"))
        refused(imaplib.IMAP4.error, lambda: client.uid("EXPUNGE", "1"))


def idle_tells_of_mails_and_of_their_end(server):
    with imap(server) as client:
        client.send(b"i1 IDLE\r\n")
        assert client.readline() == b"+ idling\r\n"
        server.say("deliver", "b", content=text("new"))
        assert client.readline() == b"* 1 EXISTS\r\n"
        server.say("expunge", "b", "INBOX", 1)
        assert client.readline() == b"* 1 EXPUNGE\r\n"
        client.send(b"DONE\r\n")
        assert client.readline() == b"i1 OK done\r\n"


def uidvalidity_changes(server):
    for subject in ("one", "two", "three"):
        server.say("deliver", "b", content=text(subject))
    server.say("expunge", "b", "INBOX", 1)
    with imap(server) as client:
        before = client.response("UIDVALIDITY")[1]
        assert client.response("UIDNEXT")[1] == [b"4"]
        server.say("uidvalidity", "b", "INBOX")
        refused(imaplib.IMAP4.abort, client.noop)
    server.say("set", "imap.uidnext", "off")
    with imap(server) as client:
        assert client.response("UIDVALIDITY")[1] != before
        assert client.response("UIDNEXT")[1] == [None]
        assert client.uid("SEARCH", "ALL")[1] == [b"1 2"]


def pop3_lists_and_shows_tops(server):
    server.say("deliver", "b", content=text("one", "line 1\r\n.line 2\r\nline 3"))
    server.say("deliver", "b", content=text("two"))
    with pop3(server) as client:
        assert "UIDL" in client.capa() and client.stat()[0] == 2
        assert len(set(line.split()[1] for line in client.uidl()[1])) == 2
        assert client.top(1, 2)[1][-2:] == [b"line 1", b".line 2"]
        client.dele(1)
        refused(poplib.error_proto, lambda: client.retr(1))
        client.rset()
        assert len(client.list()[1]) == 2
    assert len(server.ask("mails", "b")) == 2
    server.say("set", "pop3.without", "UIDL TOP")
    with pop3(server) as client:
        assert "UIDL" not in client.capa()
        refused(poplib.error_proto, client.uidl)


def tokens_log_in(server):
    for mechanism, said in (("XOAUTH2", "user=b@test.invalid\1auth=Bearer {}\1\1"),
                            ("OAUTHBEARER", "n,a=b@test.invalid,\1host=localhost\1auth=Bearer {}\1\1")):
        with imap(server, box=None) as client:
            client.state = "NONAUTH"
            client.authenticate(mechanism, lambda _, said=said: said.format("token").encode())
            client.state = "NONAUTH"
            challenges = []

            def answer(challenge, said=said, challenges=challenges):
                challenges.append(challenge)
                return said.format("stale").encode() if len(challenges) == 1 else b""

            refused(imaplib.IMAP4.error, lambda client=client, mechanism=mechanism, answer=answer:
                    client.authenticate(mechanism, answer))
            assert b'"status":"401"' in challenges[1], challenges
    with smtp(server, user=None) as client:
        client.ehlo()
        said = base64.b64encode(b"user=a@test.invalid\1auth=Bearer token\1\1").decode()
        assert client.docmd("AUTH", f"XOAUTH2 {said}")[0] == 235
    assert sum(login["good"] for login in server.ask("logins") if login["mechanism"].endswith(("2", "R"))) == 3


def wrong_passwords_are_refused(server):
    assert refused(smtplib.SMTPAuthenticationError, smtp(server, password="no").__enter__).smtp_code == 535
    refused(imaplib.IMAP4.error, imap(server, password="no").__enter__)
    refused(poplib.error_proto, pop3(server, password="no").__enter__)
    assert [login["good"] for login in server.ask("logins")][-3:] == [False] * 3


def secrets_in_clear_are_noticed(server):
    with smtplib.SMTP("localhost", server.ports["smtp"], timeout=SECONDS) as client:
        client.ehlo()
        assert not client.has_extn("auth")
        assert server.ask("counters")["secrets_in_clear"] == 0
        client.docmd("AUTH", "PLAIN " + base64.b64encode(b"\0a@test.invalid\0secret").decode())
    assert server.ask("counters")["secrets_in_clear"] == 1
    client = imaplib.IMAP4("localhost", server.ports["imap"], timeout=SECONDS)
    refused(imaplib.IMAP4.error, lambda: client.login("a@test.invalid", "secret"))
    client.shutdown()
    assert server.ask("counters")["secrets_in_clear"] == 2
    assert b"secret" not in server.say("commands")


def everything_seen_can_be_read_back(server):
    with smtp(server) as client:
        client.sendmail("a@test.invalid", ["b@test.invalid"], text("seen"))
    seen = server.say("commands", "smtp").decode().splitlines()
    assert seen[1] == "1 smtp clear STARTTLS" and "1 smtp tls rcpt TO:<b@test.invalid>" in seen, seen
    assert any(line.startswith("1 smtp tls AUTH") and line.endswith("***") for line in seen), seen
    connection = server.ask("connections")[0]
    assert (connection["tls"], connection["user"], connection["ended"]) == (True, "a@test.invalid", "QUIT"), connection
    server.say("reset")
    assert server.say("commands") == b"" and server.ask("mails", "b") == []


CASES = (a_mail_goes_through_all_three_protocols, imap_reads_parts_and_searches, imap_moves_copies_and_tells_quota,
         idle_tells_of_mails_and_of_their_end, uidvalidity_changes, pop3_lists_and_shows_tops, tokens_log_in,
         wrong_passwords_are_refused, secrets_in_clear_are_noticed, everything_seen_can_be_read_back)
