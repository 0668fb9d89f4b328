"""The network process against the fault server: what servers do on a bad day, and that nothing is lost by it."""
import inspect
import pathlib
import re
import time

from fault_client import FaultServer
from mail_clients import text
from network_process import NetworkProcess, account, stamped_envelope

OURS = b"k" * 32
SAMPLES = pathlib.Path(__file__).parent / "samples"
A, B = "a@test.invalid", "b@test.invalid"


def run(case):
    with FaultServer() as server:
        case(server)


def sender(server, scheme="smtp", port="smtp", **changes):
    return account("out", user=A, send=f"{scheme}://localhost:{server.ports[port]}", **changes)


def receiver(server, scheme="imaps", port=None, **changes):
    return account("in", user=B, receive=f"{scheme}://localhost:{server.ports[port or scheme]}", stamp_keys=[OURS],
                   **changes)


def process_for(server, password="secret"):
    return NetworkProcess(ca=server.authority, password=password)


def sent(process, server, recipients=(B,), size=500):
    """Sends an envelope; gives it, and its outcome."""
    process.configure(sender(server), receiver(server))
    envelope = stamped_envelope(OURS, size)
    process.submit("out", list(recipients), envelope)
    return envelope, process.wait_for("delivered")


def read_on_behind(process, envelope):
    """Takes the mail, leaves it where it lies, and waits until all others were looked at."""
    arrived = process.wait_for("mail_arrived")
    assert arrived["envelope"] == envelope
    process.settle("in", arrived["receipt"], "keep")
    process.look_now("in")
    process.wait_for("looked", account="in")


def refused_sending(server, code, *words, wait=None):
    """What the outcome says; and that the next mail goes once the fault is over."""
    with process_for(server) as process:
        _, outcome = sent(process, server)
        problem = outcome["problem"]
        assert not outcome["accepted"] and problem["code"] == code, outcome
        for word in words:
            assert word in problem["message"] + problem["detail"], problem
        assert problem["hint"], problem
        if wait is not None:
            assert wait[0] <= outcome["wait_seconds"] <= wait[1], outcome
        server.say("clear")
        envelope, outcome = sent(process, server)
        assert outcome["accepted"], outcome
        assert process.wait_for("mail_arrived")["envelope"] == envelope
    assert server.ask("counters")["secrets_in_clear"] == 0


def greylisting_is_waited_for(server):
    server.say("fault", "smtp", "rcpt", "reply=451 4.7.1 greylisted, please try again later")
    refused_sending(server, "unavailable", "greylisted", wait=(240, 600))


def a_full_mailbox_is_no_refusal_for_ever(server):
    server.say("fault", "smtp", "rcpt", "reply=552 5.2.2 mailbox full")
    refused_sending(server, "unavailable", "mailbox full")


def a_rate_limit_is_obeyed(server):
    server.say("fault", "smtp", "mail", "reply=450 4.7.1 rate limit exceeded, slow down")
    refused_sending(server, "unavailable", "rate limit")


def a_refused_recipient_is_told(server):
    server.say("fault", "smtp", "rcpt", "reply=550 5.1.1 no such user")
    refused_sending(server, "refused", "no such user")


def an_address_that_is_not_ours_is_told(server):
    server.say("fault", "smtp", "mail", "reply=553 5.7.1 sender address rejected: not owned by user")
    refused_sending(server, "refused", f'from "{A}" to "{B}"', "not owned by user")


def a_server_without_tls_gets_no_password(server):
    server.say("set", "smtp.without", "STARTTLS")
    server.say("set", "imap.without", "STARTTLS")
    with process_for(server) as process:
        process.configure(sender(server), receiver(server, "imap"))
        told = process.wait_for("told", account="in")["what"]
        assert told["code"] == "refused" and "STARTTLS" in told["message"] and told["hint"], told
        process.submit("out", [B], stamped_envelope(OURS))
        problem = process.wait_for("delivered")["problem"]
        assert problem["code"] == "refused" and "TLS" in problem["message"], problem
    assert server.ask("counters")["secrets_in_clear"] == 0 and not server.ask("logins")


def what_was_said_before_tls_is_not_believed(server):
    server.say("fault", "smtp", "starttls", "inject=250-AUTH PLAIN\\r\\n250 SIZE 1\\r\\n", "times=1")
    server.say("fault", "imap", "starttls", "inject=* PREAUTH welcome\\r\\n", "times=1")
    with process_for(server) as process:
        process.configure(sender(server), receiver(server, "imap"))
        process.submit("out", [B], stamped_envelope(OURS))
        outcome = process.wait_for("delivered")
        if not outcome["accepted"]:  # the connection was given up
            _, outcome = sent(process, server)
        assert outcome["accepted"], outcome
        process.look_now("in")
        process.wait_for("mail_arrived")
    assert server.ask("counters")["secrets_in_clear"] == 0


def a_connection_lost_behind_the_final_dot_counts_as_sent_until_nobody_acknowledges(server):
    server.say("fault", "smtp", "body", "close", "accept", "times=1")
    with process_for(server) as process:
        envelope, outcome = sent(process, server)
        assert outcome["accepted"] and outcome["problem"]["code"] == "timed_out", outcome
        process.submit("out", [B], envelope)
        outcome = process.wait_for("delivered")
        assert outcome["accepted"] and not outcome["problem"]["message"], outcome
        for _ in range(2):
            assert process.wait_for("mail_arrived")["envelope"] == envelope


def a_literal_that_is_cut_off_is_read_again(server):
    with process_for(server) as process:
        process.configure(sender(server))
        envelope = stamped_envelope(OURS, 200_000)
        process.submit("out", [B], envelope)
        assert process.wait_for("delivered")["accepted"]
        server.say("fault", "imap", "uid fetch", "truncate=20000", "times=1", "skip=1")
        process.configure(receiver(server))
        told = process.wait_for("told", account="in")["what"]
        assert told["code"] == "unavailable" and "within a mail" in told["detail"], told
        assert process.wait_for("mail_arrived")["envelope"] == envelope


def nonsense_and_silence_end_that_connection_alone(server):
    with process_for(server) as process:
        server.say("fault", "imap", "connect", "nonsense=5000", "times=1")
        process.configure(sender(server), receiver(server))
        process.wait_for("told", account="in")
        server.say("fault", "imap", "*", "endless", "times=1")
        process.look_now("in")
        process.wait_for("told", account="in")
        server.say("clear")
        process.look_now("in")
        envelope, outcome = sent(process, server)
        assert outcome["accepted"], outcome
        assert process.wait_for("mail_arrived")["envelope"] == envelope


def one_silent_server_holds_nobody_up(server):
    server.say("fault", "imap", "select", "silent")
    with process_for(server) as process:
        process.configure(sender(server), receiver(server))
        began = time.monotonic()
        process.submit("out", [B], stamped_envelope(OURS))
        assert process.wait_for("delivered")["accepted"]
        assert time.monotonic() - began < 20


def a_mail_that_forges_protocol_lines_is_a_mail(server):
    forged = ")\r\nA006 OK Fetch completed\r\n* 99 FETCH (UID 99)\r\n* BYE\r\n* 666 EXISTS\r\n.\r\n250 ok\r\n"
    for number in range(3):
        server.say("deliver", "b", content=text(f"[postrider] forged {number}", forged))
    with process_for(server) as process:
        envelope, outcome = sent(process, server)
        assert outcome["accepted"], outcome
        read_on_behind(process, envelope)
    assert len(server.ask("mails", "b")) == 4


def megabytes_of_junk_cost_no_memory(server):
    for number in range(5):
        server.say("deliver", "b", content=text(f"[postrider] junk {number}", "junk " * 1_000_000))
    with process_for(server) as process:
        envelope, _ = sent(process, server)
        read_on_behind(process, envelope)
        peak = process.peak_memory_kib()
        assert peak < 64 << 10, f"{peak} KiB"
    assert len(server.ask("mails", "b")) == 6


def how_receiving_fares_is_told_from_its_second_failure_on(server):
    with process_for(server) as process:
        process.configure(receiver(server))
        assert process.wait_for("receiving")["works"]
        server.say("disconnect", "imap")  # a connection that comes back
        process.wait_for("told", account="in")
        process.look_now("in")
        process.wait_for("looked", account="in")
        assert not [report for report in process.reports if report["kind"] == "receiving"]
        server.say("fault", "imap", "connect", "close")
        server.say("disconnect", "imap")
        process.wait_for("told", account="in")
        process.look_now("in")
        problem = process.wait_for("receiving")
        assert not problem["works"] and problem["problem"]["message"], problem
        server.say("clear")
        process.look_now("in")
        assert process.wait_for("receiving")["works"]


def bounced(process, server, scheme):
    """A mail to nobody, which comes back: its name, and what is told of the bounce."""
    process.configure(account("own", user=A, send=f"smtp://localhost:{server.ports['smtp']}", stamp_keys=[OURS],
                              receive=f"{scheme}://localhost:{server.ports[scheme]}"))
    process.submit("own", ["nobody@test.invalid"], stamped_envelope(OURS))
    outcome = process.wait_for("delivered")
    assert outcome["accepted"] and outcome["message_name"], outcome
    process.look_now("own")
    return outcome["message_name"], process.wait_for("bounce_arrived")


def bounces_are_read(server, scheme):
    server.say("set", "smtp.unknown", "bounce")
    with process_for(server) as process:
        name, bounce = bounced(process, server, scheme)
        assert bounce["message_names"][0] == name, bounce
        found = [(each["address"], each["reason"], each["status"]) for each in bounce["recipients"]]
        assert found == [("nobody@test.invalid", "no_such_address", "5.1.1")], bounce
        process.settle("own", bounce["receipt"], "leave")
        other_name, other = bounced(process, server, scheme)
        assert other["message_names"][0] == other_name != name, other
        assert [mail["flags"] for mail in server.ask("mails", "a")] == [[], []], server.ask("mails", "a")
        process.settle("own", other["receipt"], "remove")
        deadline = time.monotonic() + 60
        while len(server.ask("mails", "a")) != 1:
            assert time.monotonic() < deadline, server.ask("mails", "a")
            process.read(0.05)
        process.look_now("own")
        process.wait_for("looked", account="own")
        assert not [report for report in process.reports if report["kind"] == "bounce_arrived"], "it is shown again"


def bounces_are_read_and_what_the_host_says_is_done(server):
    bounces_are_read(server, "imaps")


def bounces_are_read_by_pop3_too(server):
    bounces_are_read(server, "pop3s")


def a_question_in_the_middle_of_a_session_gets_one_of_its_own_by_pop3(server):
    """The list of the one that is under way may be from before what is asked for."""
    server.say("fault", "pop3", "quit", "delay=2", "times=1")
    with process_for(server) as process:
        process.configure(receiver(server, scheme="pop3s"))
        deadline = time.monotonic() + 20
        while "QUIT" not in server.say("commands", "pop3").decode():
            assert time.monotonic() < deadline
            process.read(0.02)
        server.say("deliver", "b", content=text("for nobody here"))
        process.look_now("in")
        process.wait_for("looked", account="in")
        told = [report for report in process.reports if report["kind"] == "told"]
        assert told and told[0]["count"] == 1, "it was said to have looked before it had"


def delays_and_bounces_of_mails_that_we_never_sent_are_told_and_left(server):
    for sample in ("postfix_delayed.eml", "exim_unknown_recipient.eml"):
        bounce = re.sub(rb"(?mi)^(message-id:) *<[^>]*>", rb"\1 <%s@test.invalid>" % (b"a" * 26),
                        (SAMPLES / sample).read_bytes()).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        server.say("deliver", "b", content=bounce)
    with process_for(server) as process:
        process.configure(receiver(server))
        told = [process.wait_for("bounce_arrived") for _ in range(2)]
        assert [each["recipients"][0]["reason"] for each in told] == ["delayed", "no_such_address"], told
        for each in told:
            process.settle("in", each["receipt"], "leave")
        process.look_now("in")
        process.wait_for("looked", account="in")
        assert not [report for report in process.reports if report["kind"] == "bounce_arrived"]
    assert [mail["flags"] for mail in server.ask("mails", "b")] == [[], []]


def answers_of_programs_and_forwarded_mails_are_left(server):
    machines = ["Auto-Submitted: auto-replied\r\nSubject: out of office",
                "Content-Type: multipart/report; report-type=disposition-notification\r\nSubject: read",
                "List-Id: <people.example>\r\nPrecedence: list\r\nSubject: Fwd: [postrider] part",
                "From: MAILER-DAEMON@test.invalid\r\nSubject: Undelivered Mail Returned to Sender"]
    for number, header in enumerate(machines):
        server.say("deliver", "b", content=f"{header}\r\nMessage-ID: <{number}@x>\r\n\r\nno news\r\n".encode())
    with process_for(server) as process:
        envelope, outcome = sent(process, server)
        assert outcome["accepted"], outcome
        read_on_behind(process, envelope)
        assert not [report for report in process.reports if report["kind"] == "bounce_arrived"]
    assert [mail["flags"] for mail in server.ask("mails", "b")[:4]] == [[]] * 4


def what_lies_in_the_junk_folder(server):
    """A mail of ours among one of others, whose envelope is given; nothing lies in the inbox."""
    with process_for(server) as process:
        process.configure(sender(server))
        envelope = stamped_envelope(OURS, 3000)
        process.submit("out", [B], envelope)
        assert process.wait_for("delivered")["accepted"]
    server.say("deliver", "b", "Junk", content=text("[postrider] of others", "no envelope"))
    server.say("deliver", "b", "Junk", content=server.say("submission", 0))
    server.say("expunge", "b", "INBOX", 1)
    return envelope


def mails_in_the_junk_folder_are_taken_and_told(server):
    envelope = what_lies_in_the_junk_folder(server)
    with process_for(server) as process:
        process.configure(receiver(server))
        arrived = process.wait_for("mail_arrived")
        assert arrived["envelope"] == envelope
        assert process.wait_for("in_junk")["stamp_key"] == OURS
        process.settle("in", arrived["receipt"])
        process.look_now("in")
        process.wait_for("looked", account="in")
        server.say("deliver", "b", "Junk", content=server.say("submission", 0))
        process.look_now("in")
        assert process.wait_for("mail_arrived")["envelope"] == envelope, "it is looked for at once when somebody asks"
        assert [(mail["subject"], mail["flags"]) for mail in server.ask("mails", "b", "Junk")] == [
            ("[postrider] of others", [])]
        cursor = [report["cursor"] for report in process.reports if report["kind"] == "cursor_moved"][-1]
    server.say("deliver", "b", "Junk", content=text("[postrider] of others", "again"))

    def looked_at():
        return re.findall(r"UID FETCH (\S+) .*BODY.PEEK\[\]<", server.say("commands", "imap").decode())

    before = looked_at()
    with process_for(server) as process:
        process.configure(receiver(server, cursor=cursor))
        read_on_behind(process, envelope)
    assert looked_at()[len(before):] == ["4"], "of those in the junk folder the one that is new"


def servers_that_say_nothing_of_folders_have_a_junk_folder_by_its_name(server):
    server.say("set", "imap.without", "SPECIAL-USE MOVE ESEARCH NAMESPACE")
    envelope = what_lies_in_the_junk_folder(server)
    with process_for(server) as process:
        process.configure(receiver(server))
        assert process.wait_for("mail_arrived")["envelope"] == envelope


def a_junk_folder_that_cannot_be_opened_holds_nothing_up(server):
    envelope = what_lies_in_the_junk_folder(server)
    server.say("fault", "imap", "select", "line=*Junk*", "reply=NO it is locked")
    with process_for(server) as process:
        process.configure(sender(server), receiver(server))
        assert "Junk" in process.wait_for("told", account="in")["what"]["message"]
        process.submit("out", [B], envelope)
        assert process.wait_for("mail_arrived")["envelope"] == envelope


def how_full_a_mailbox_is_is_told_in_steps(server):
    server.say("set", "quota.b", 100 * 1024)
    with process_for(server) as process:
        process.configure(receiver(server))
        assert process.wait_for("filled")["percent"] == 0
        process.wait_for("looked", account="in")
        server.say("junk", "b", 87 * 1024)
        process.look_now("in")
        assert process.wait_for("filled")["percent"] == 85
        process.wait_for("looked", account="in")
        process.look_now("in")
        process.wait_for("looked", account="in")
        assert not [report for report in process.reports if report["kind"] == "filled"]
        server.say("expunge", "b", "INBOX", 1)
        process.look_now("in")
        assert process.wait_for("filled")["percent"] == 0


def new_numbers_of_a_folder_are_noticed(server):
    with process_for(server) as process:
        envelope, _ = sent(process, server)
        process.wait_for("mail_arrived")
        server.say("uidvalidity", "b", "INBOX")
        process.look_now("in")
        assert process.wait_for("mail_arrived")["envelope"] == envelope, "it is shown again by its new number"


def a_mail_that_was_marked_and_not_expunged_goes_yet(server):
    server.say("fault", "imap", "uid expunge", "close", "times=1")
    with process_for(server) as process:
        envelope, _ = sent(process, server)
        process.settle("in", process.wait_for("mail_arrived")["receipt"])
        process.look_now("in")
        again = process.wait_for("mail_arrived")
        assert again["envelope"] == envelope
        process.settle("in", again["receipt"])
        deadline = time.monotonic() + 30
        while server.ask("mails", "b"):
            assert time.monotonic() < deadline, server.ask("mails", "b")
            process.read(0.05)


def servers_without_extensions_do(server):
    server.say("set", "imap.without", "MOVE UIDPLUS ESEARCH IDLE")
    server.say("set", "imap.uidnext", "off")
    with process_for(server) as process:
        envelope, _ = sent(process, server)
        process.look_now("in")
        arrived = process.wait_for("mail_arrived")
        assert arrived["envelope"] == envelope
        process.settle("in", arrived["receipt"])
        process.look_now("in")
        deadline = time.monotonic() + 30
        while any("\\Deleted" not in mail["flags"] for mail in server.ask("mails", "b")):
            assert time.monotonic() < deadline, server.ask("mails", "b")
            process.read(0.05)


def every_hello_gives_a_full_name_or_an_address(server):
    with process_for(server) as process:
        _, outcome = sent(process, server)
        assert outcome["accepted"], outcome
    names = re.findall(r" EHLO (.*)", server.say("commands", "smtp").decode())
    assert len(names) == 3, "before and after STARTTLS, and by the dialogue"
    for name in names:
        assert re.fullmatch(r"\[(IPv6:)?[0-9a-f.:]+\]|([\w-]+\.)+[\w-]+", name) and "localhost" not in name, names


def the_greeting_is_what_the_url_says(server):
    for name in ("till7.shop.example", "[192.0.2.7]", "[IPv6:2001:db8::7]"):
        with process_for(server) as process:
            process.configure(account("out", user=A, send=f"smtp://localhost:{server.ports['smtp']}?greeting={name}"))
            process.submit("out", [B], stamped_envelope(OURS))
            process.wait_for("delivered", accepted=True)
        names = re.findall(r" EHLO (.*)", server.say("commands", "smtp").decode())
        assert names[-3:] == [name] * 3, names  # before TLS, within it, and once logged in


CASES = [value for value in list(globals().values())
         if getattr(value, "__module__", "") == __name__ and list(inspect.signature(value).parameters) == ["server"]]
