"""The network process against real servers, each case with Exim and with Postfix in front of Dovecot."""
import contextlib
import os
import socket
import time

from mail_clients import imap, text
from mail_servers import MailServers
from network_process import NetworkProcess, account, stamped_envelope

OPTIONS = {}
MEMORY_KIB_MAX = 32 << 10
OURS, THEIRS = os.urandom(32), os.urandom(32)


def run(case, mta):
    with MailServers(mta, **OPTIONS.get(case, {})) as servers:
        case(servers)


def with_options(**options):
    def remember(case):
        OPTIONS[case] = options
        return case

    return remember


def sender(servers, **changes):
    return account("out", user=servers.address("a"), send=f"smtp://localhost:{servers.ports['submission']}", **changes)


def receiver(servers, protocol="imaps", **changes):
    return account("in", user=servers.address("b"), receive=f"{protocol}://localhost:{servers.ports[protocol]}",
                   **{"stamp_keys": [OURS], **changes})


def wait_until(process, condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, process.reports
        process.read(0.05)


def arrival(process):
    """What is received next. A mailbox is looked into once a minute where the server does not tell of news."""
    for _ in range(60):
        process.look_now("in")
        with contextlib.suppress(TimeoutError):
            return process.wait_for("mail_arrived", seconds=1)
    raise TimeoutError(f"nothing arrived, but {process.reports}")


def process_for(servers, password="secret"):
    return NetworkProcess(ca=servers.certificates.authority, password=password)


def an_envelope_travels_and_is_removed_when_it_is_committed(servers, protocol="imaps"):
    envelope = stamped_envelope(OURS, 300_000)
    with process_for(servers) as process:
        process.configure(sender(servers), receiver(servers, protocol))
        process.wait_for("doing", direction="receive", words="waits for mail")
        ticket = process.submit("out", [servers.address("b")], envelope)
        delivered = process.wait_for("delivered")
        assert delivered["ticket"] == ticket and delivered["accepted"], delivered
        arrived = arrival(process)
        assert arrived["envelope"] == envelope
        assert servers.count("b") == 1, "it stays until the host says so"
        process.settle("in", arrived["receipt"])
        wait_until(process, lambda: servers.count("b") == 0)


def mails_of_others_stay_as_they_lie(servers, protocol="imaps"):
    envelope = stamped_envelope(OURS)
    for number in range(3):
        servers.deliver("b", text(f"letter {number}"))
    with process_for(servers) as process:
        process.configure(sender(servers), receiver(servers, protocol))
        process.submit("out", [servers.address("b")], stamped_envelope(THEIRS))
        process.submit("out", [servers.address("b")], envelope)
        arrived = arrival(process)
        assert arrived["envelope"] == envelope
        process.settle("in", arrived["receipt"])
        servers.wait_for_mails("b", 4)
        wait_until(process, lambda: servers.count("b") == 4)
    assert [mail.flags for mail in servers.mails("b")] == [""] * 4


def after_a_crash_what_was_not_committed_comes_again(servers, protocol="imaps"):
    envelopes = [stamped_envelope(OURS) for _ in range(3)]
    with process_for(servers) as process:
        process.configure(sender(servers))
        for envelope in envelopes:
            process.submit("out", [servers.address("b")], envelope)
        for _ in envelopes:
            process.wait_for("delivered", accepted=True)
    servers.wait_for_mails("b", 3)
    with process_for(servers) as process:
        process.configure(receiver(servers, protocol))
        first = arrival(process)
        process.settle("in", first["receipt"])
        for _ in envelopes[1:]:
            arrival(process)
        process.process.kill()
    with process_for(servers) as process:
        process.configure(receiver(servers, protocol))
        rest = set(envelopes) - {first["envelope"]}
        while rest:
            rest.discard(arrival(process)["envelope"])


def an_envelope_travels_over_pop3(servers):
    an_envelope_travels_and_is_removed_when_it_is_committed(servers, "pop3s")


def mails_of_others_stay_as_they_lie_over_pop3(servers):
    mails_of_others_stay_as_they_lie(servers, "pop3s")


def after_a_crash_what_was_not_committed_comes_again_over_pop3(servers):
    after_a_crash_what_was_not_committed_comes_again(servers, "pop3s")


def starttls_does_as_well(servers):
    an_envelope_travels_and_is_removed_when_it_is_committed(servers, "imap")
    an_envelope_travels_and_is_removed_when_it_is_committed(servers, "pop3")


def what_cannot_be_used_is_set_aside(servers):
    with process_for(servers) as process:
        process.configure(sender(servers), receiver(servers))
        process.submit("out", [servers.address("b")], stamped_envelope(OURS))
        arrived = process.wait_for("mail_arrived")
        process.settle("in", arrived["receipt"], "set_aside")
        servers.wait_for_mails("b", 1, "postrider.aside")
    assert servers.count("b") == 0


def a_wrong_password_is_told_and_nothing_is_lost(servers):
    with process_for(servers, password="wrong") as process:
        process.configure(sender(servers), receiver(servers))
        told = process.wait_for("told", account="in")
        assert told["what"]["code"] == "refused" and "password" in told["what"]["message"], told
        process.submit("out", [servers.address("b")], stamped_envelope(OURS))
        delivered = process.wait_for("delivered")
        assert not delivered["accepted"] and delivered["problem"]["code"] == "refused", delivered
        assert "wrong" not in str(process.reports)


@with_options(certificate="wrong_host")
def a_certificate_of_another_host_is_refused(servers):
    refuses_certificate(servers)


@with_options(certificate="expired")
def an_expired_certificate_is_refused(servers):
    refuses_certificate(servers)


def refuses_certificate(servers):
    with process_for(servers) as process:
        process.configure(sender(servers), receiver(servers))
        told = process.wait_for("told", account="in")["what"]
        assert told["code"] == "refused" and "certificate" in told["message"], told
        process.submit("out", [servers.address("b")], stamped_envelope(OURS))
        delivered = process.wait_for("delivered")
        assert "certificate" in delivered["problem"]["message"], delivered


@with_options(size_max=200_000)
def a_mail_above_the_servers_size_is_refused_before_it_is_sent(servers):
    with process_for(servers) as process:
        process.configure(sender(servers), receiver(servers))
        process.submit("out", [servers.address("b")], stamped_envelope(OURS, 400_000))
        assert process.wait_for("delivered")["problem"]["code"] == "too_large"
        process.submit("out", [servers.address("b")], stamped_envelope(OURS, 1000))
        assert process.wait_for("delivered")["accepted"]


def bounce_of(servers, recipient, size):
    """What is told of the bounce of a mail; its name stands in it."""
    with process_for(servers) as process:
        process.configure(account("own", user=servers.address("a"), stamp_keys=[OURS],
                                  receive=f"imaps://localhost:{servers.ports['imaps']}",
                                  send=f"smtp://localhost:{servers.ports['submission']}"))
        process.submit("own", [recipient], stamped_envelope(OURS, size))
        outcome = process.wait_for("delivered")
        assert outcome["accepted"] and outcome["message_name"], outcome
        process.look_now("own")
        bounce = process.wait_for("bounce_arrived", seconds=120)
        assert outcome["message_name"] in bounce["message_names"], (outcome, bounce)
        process.settle("own", bounce["receipt"], "remove")
        wait_until(process, lambda: servers.count("a") == 0)
        return bounce["recipients"]


def a_mail_to_nobody_comes_back_and_is_known(servers):
    recipients = bounce_of(servers, "nobody@far.invalid", 500)
    assert [each["address"] for each in recipients] == ["nobody@far.invalid"], recipients
    assert recipients[0]["text"], recipients


@with_options(quota={"b": "20K"})
def a_mail_for_a_full_mailbox_comes_back_and_is_known(servers):
    recipients = bounce_of(servers, servers.address("b"), 60_000)
    assert [each["reason"] for each in recipients] == ["mailbox_full"], recipients


@with_options(quota={"b": "100K"})
def the_junk_folder_and_the_storage_are_looked_at(servers):
    """Dovecot names no junk folder of its own accord."""
    envelope = stamped_envelope(OURS)
    with process_for(servers) as process:
        process.configure(sender(servers))
        process.submit("out", [servers.address("b")], envelope)
        assert process.wait_for("delivered")["accepted"]
    servers.wait_for_mails("b")
    with imap(servers) as client:
        client.create("Junk")
        assert client.copy("1", "Junk")[0] == "OK"
        client.append("Junk", None, None, text("junk of others", "x" * 70_000))
        client.store("1", "+FLAGS", r"\Deleted")
        client.expunge()
    with process_for(servers) as process:
        process.configure(receiver(servers))
        assert process.wait_for("mail_arrived")["envelope"] == envelope
        assert process.wait_for("in_junk")["stamp_key"] == OURS
        assert process.wait_for("filled")["percent"] == 0
    with imap(servers) as client:
        client.append("INBOX", None, None, text("a large one", "x" * 20_000))
    with process_for(servers) as process:
        process.configure(receiver(servers))
        assert process.wait_for("filled")["percent"] in (90, 95)


def unknown_recipients_are_told_one_by_one(servers):
    with process_for(servers) as process:
        process.configure(sender(servers))
        process.submit("out", [servers.address("b"), servers.address("nobody")], stamped_envelope(OURS))
        outcomes = {}
        for _ in range(2):
            delivered = process.wait_for("delivered")
            outcomes[delivered["recipient"]] = delivered["accepted"]
        assert outcomes == {servers.address("b"): True, servers.address("nobody"): False}, outcomes


def what_waits_has_an_outcome_when_its_mailbox_goes(servers):
    with process_for(servers) as process:
        process.configure(sender(servers))
        process.submit("out", [servers.address("b")], stamped_envelope(OURS))
        process.configure(receiver(servers))
        process.wait_for("delivered")


def what_waits_goes_on_when_its_mailbox_receives_elsewhere(servers):
    def mailbox(protocol):
        return account("out", user=servers.address("a"), send=f"smtp://localhost:{servers.ports['submission']}",
                       receive=f"{protocol}://localhost:{servers.ports[protocol]}", stamp_keys=[OURS])

    with process_for(servers) as process:
        process.configure(mailbox("imaps"))
        process.submit("out", [servers.address("b")], stamped_envelope(OURS))
        process.configure(mailbox("pop3s"))
        process.wait_for("delivered", accepted=True)


def a_server_that_was_away_is_tried_again(servers):
    servers.stop("dovecot")
    with process_for(servers) as process:
        process.configure(receiver(servers))
        assert process.wait_for("told")["what"]["code"] == "unavailable"
        servers.start()
        process.wait_for("doing", words="waits for mail")


def twelve_thousand_letters_and_three_of_ours(servers):
    folder = servers.folder / "mail/b/Maildir"
    with process_for(servers) as process:
        process.configure(sender(servers))
        for _ in range(3):
            process.submit("out", [servers.address("b")], stamped_envelope(OURS))
            process.wait_for("delivered", accepted=True)
        servers.wait_for_mails("b", 3)
        letter = text("letter", "x" * 2000, sender="stranger@elsewhere.invalid").replace(b"\r\n", b"\n")
        owner = (folder / "cur").stat()
        for number in range(12_000):
            path = folder / "cur" / f"{1_700_000_000 + number}.M{number}P1.host:2,{'S' if number % 2 else ''}"
            path.write_bytes(letter)
            os.chown(path, owner.st_uid, owner.st_gid)
        flags = sorted(mail.flags for mail in servers.mails("b"))
        begun = time.monotonic()
        process.configure(sender(servers), receiver(servers))
        for _ in range(3):
            arrived = process.wait_for("mail_arrived")
            process.settle("in", arrived["receipt"])
        process.wait_for("told", account="in")
        seconds = time.monotonic() - begun
        peak = process.peak_memory_kib()
        print(f"12,000 letters and 3 of ours: {seconds:.1f} s (goal < 5 s), {peak / 1024:.0f} MiB (goal < 64 MiB)",
              flush=True)
        assert peak < 64 << 10, f"{peak} KiB"
        wait_until(process, lambda: servers.count("b") == 12_000)
    for _ in range(3):
        flags.remove("")
    assert sorted(mail.flags for mail in servers.mails("b")) == flags


def a_ping_is_answered_while_a_server_is_silent(servers):
    with socket.create_server(("localhost", 0)) as silent, process_for(servers) as process:
        process.configure(sender(servers), account("in", user=servers.address("b"), stamp_keys=[OURS],
                                                   receive=f"imap://localhost:{silent.getsockname()[1]}"))
        process.wait_for("doing", account="in", words="connects")
        for _ in range(3):
            process.ping()
            process.wait_for("pong", seconds=5)


def it_holds_no_descriptor_but_its_own_and_ends_with_its_host(servers):
    with open("/dev/null", "rb") as inherited:
        os.set_inheritable(inherited.fileno(), True)
        with process_for(servers) as process:
            assert process.descriptors()[:4] == [0, 1, 2, 3]
            links = [os.readlink(f"/proc/{process.process.pid}/fd/{number}") for number in process.descriptors()[4:]]
            assert all("socket" in link or "pipe" in link or "anon_inode" in link for link in links), links


def a_large_mail_that_was_changed_on_its_way_is_read_all_the_same(servers, protocol="imaps"):
    envelope = stamped_envelope(OURS, 600_000)
    with process_for(servers) as process:
        process.configure(sender(servers))
        process.submit("out", [servers.address("b")], envelope)
        process.wait_for("delivered", accepted=True)
    mail = servers.wait_for_mails("b")[0]
    head, middle, rest = mail.content.partition(b"UFJEUgENCg")
    mail.path.unlink()
    servers.deliver("b", head + b"> " + middle + rest.replace(b"\n", b"\n> "))  # as a reply quotes it
    with process_for(servers) as process:
        process.configure(receiver(servers, protocol))
        arrived = arrival(process)
        assert arrived["envelope"] == envelope
        assert arrived["from"] == 0, "it was taken while it came"


def a_large_mail_that_was_changed_is_read_over_pop3(servers):
    a_large_mail_that_was_changed_on_its_way_is_read_all_the_same(servers, "pop3s")


@with_options(size_max=60 << 20)
def memory_does_not_grow_with_mails_nor_while_their_host_is_busy(servers, protocol="imaps"):
    envelopes = [stamped_envelope(OURS, 12_000_000) for _ in range(3)]
    with process_for(servers) as process:
        process.configure(sender(servers))
        for envelope in envelopes:
            process.submit("out", [servers.address("b")], envelope)
        for _ in envelopes:
            process.wait_for("delivered", accepted=True)
        assert process.peak_memory_kib() < MEMORY_KIB_MAX, process.peak_memory_kib()
    servers.wait_for_mails("b", 3)
    with process_for(servers) as process:
        process.configure(receiver(servers, protocol))
        process.wait_for("doing", direction="receive", words="fetches mails")
        is_resting = [process.processor_seconds()]
        while len(is_resting) < 3 or is_resting[-1] > is_resting[-3]:  # nobody reads what it says
            time.sleep(0.3)
            is_resting.append(process.processor_seconds())
            assert len(is_resting) < 200, "it does not come to rest"
        arrived = {process.wait_for("mail_arrived")["envelope"] for _ in envelopes}
        assert arrived == set(envelopes)
        assert process.peak_memory_kib() < MEMORY_KIB_MAX, process.peak_memory_kib()


@with_options(size_max=60 << 20)
def memory_does_not_grow_with_mails_over_pop3(servers):
    memory_does_not_grow_with_mails_nor_while_their_host_is_busy(servers, "pop3s")


def a_mail_is_found_by_a_key_that_is_known_later(servers, protocol="imaps"):
    envelope = stamped_envelope(OURS)
    with process_for(servers) as process:
        process.configure(sender(servers), receiver(servers, protocol, stamp_keys=[THEIRS]))
        process.submit("out", [servers.address("b")], envelope)
        process.wait_for("delivered")
        servers.wait_for_mails("b")
        process.look_now("in")
        process.wait_for("told", account="in")
        process.configure(sender(servers), receiver(servers, protocol, stamp_keys=[THEIRS, OURS]))
        assert process.wait_for("mail_arrived", seconds=30)["envelope"] == envelope


def a_mail_is_found_by_a_key_that_is_known_later_over_pop3(servers):
    a_mail_is_found_by_a_key_that_is_known_later(servers, "pop3s")


CASES = [value for name, value in list(globals().items())
         if callable(value) and getattr(value, "__module__", "") == __name__
         and name not in ("run", "with_options", "sender", "receiver", "process_for", "wait_until", "arrival",
                          "refuses_certificate", "bounce_of")]
