"""The network process at real servers that want a certificate of it, each case with Exim and with Postfix."""
import inspect

from mail_configurations import FAR_DOMAIN
from mail_servers import MailServers
from network_cases import OURS, arrival, wait_until
from network_process import NetworkProcess, account, stamped_envelope

PROTOCOLS = ("imaps", "imap", "pop3s", "pop3")
USER = "a"  # whom the certificate names


def run(case, mta):
    with MailServers(mta, client_certificates=True, failure_delay_seconds=0) as servers:
        case(servers)


def certificate_of(servers, name, key=None):
    return (servers.certificates.certificate(name).read_text(encoding="utf-8"),
            servers.certificates.key(key or name).read_text(encoding="utf-8"))


def process_for(servers, *certificate, password=""):
    shown = certificate_of(servers, *certificate) if certificate else ("", "")
    return NetworkProcess(ca=servers.certificates.authority, password=password, certificate=shown)


def accounts(servers, protocol, **changes):
    """`in` and `out` are one mailbox. The process learns from the URL that there is a certificate, and nothing more."""
    address = servers.address(USER)
    query = "?certificate=main.pem" if changes.pop("named", True) else ""
    return (account("in", user=address, receive=f"{protocol}://localhost:{servers.ports[protocol]}{query}",
                    stamp_keys=[OURS], **changes),
            account("out", user=address, send=f"smtp://localhost:{servers.ports['submission']}{query}", **changes))


def round_trip(servers, process, protocol, **changes):
    process.configure(*accounts(servers, protocol, **changes))
    envelope = stamped_envelope(OURS)
    process.submit("out", [servers.address(USER)], envelope)
    outcome = process.wait_for("delivered")
    assert outcome["accepted"], outcome
    arrived = arrival(process)
    assert arrived["envelope"] == envelope
    process.settle("in", arrived["receipt"])
    wait_until(process, lambda: servers.count(USER) == 0)


def problems(servers, process, protocol, **changes):
    """Of sending, and of receiving."""
    process.configure(*accounts(servers, protocol, **changes))
    process.submit("out", [servers.address(USER)], stamped_envelope(OURS))
    return process.wait_for("delivered")["problem"], process.wait_for("told", account="in")["what"]


def a_certificate_and_a_password_open_each_protocol(servers):
    for protocol in PROTOCOLS:
        with process_for(servers, "client", password=servers.password) as process:
            round_trip(servers, process, protocol)


def a_certificate_alone_is_a_login(servers):
    """Exim and Dovecot offer EXTERNAL; Postfix does not, and lets who has a good certificate send all the same."""
    for protocol in PROTOCOLS:
        with process_for(servers, "client") as process:
            round_trip(servers, process, protocol, login="certificate")
            process.submit("out", [f"x@{FAR_DOMAIN}"], stamped_envelope(OURS))  # for nobody but who is known
            outcome = process.wait_for("delivered")
            assert outcome["accepted"], outcome
            servers.wait_for_mails(USER)  # it comes back
            for mail in servers.mails(USER):
                mail.path.unlink()
    log = servers.log(lines=1000)
    assert "method=EXTERNAL" in log, log
    assert servers.mta == "postfix" or f"A=external:{servers.address(USER)}" in log, log


def one_that_nobody_trusts_is_refused_and_that_is_said(servers):
    for protocol in ("imaps", "imap", "pop3"):
        with process_for(servers, "strange_client", password=servers.password) as process:
            for problem in problems(servers, process, protocol):
                assert problem["code"] == "refused", problem
                assert "it does not accept our certificate" in problem["message"], problem


def without_one_it_is_said_that_the_server_wants_one(servers):
    for protocol in ("imaps", "imap", "pop3"):
        with process_for(servers, password=servers.password) as process:
            for problem in problems(servers, process, protocol, named=False):
                assert problem["code"] == "refused" and "?certificate=" in problem["hint"], problem


def a_key_that_is_another_ones_is_told(servers):
    with process_for(servers, "client", "strange_client", password=servers.password) as process:
        for problem in problems(servers, process, "imaps"):
            assert problem["code"] == "refused", problem
            assert "our key does not belong to our certificate" in problem["message"], problem


CASES = [value for value in list(globals().values())
         if getattr(value, "__module__", "") == __name__ and list(inspect.signature(value).parameters) == ["servers"]]
