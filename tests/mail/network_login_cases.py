"""Logins of the network process at the fault server: tokens of OAuth 2, in each protocol and by both mechanisms."""
import contextlib
import inspect
import pathlib

from certificates import Certificates
from fault_client import FaultServer
from network_fault_cases import A, B, OURS, process_for, receiver, sender
from network_process import NetworkProcess, account, stamped_envelope

MECHANISMS = ("XOAUTH2", "OAUTHBEARER")
PROTOCOLS = ("smtp", "imap", "pop3")


def run(case):
    with FaultServer() as server:
        case(server)


def offer_only(server, mechanism):
    """No other one for tokens, beside the usual ones for passwords."""
    others = " ".join(f"AUTH={name}" for name in MECHANISMS if name != mechanism)
    for protocol in PROTOCOLS:
        server.say("set", f"{protocol}.without", others)


def good(logins):
    return {(login["protocol"], login["mechanism"]) for login in logins if login["good"]}


def round_trip(server, process, protocol, **changes):
    process.configure(sender(server, **changes), receiver(server, protocol, **changes))
    envelope = stamped_envelope(OURS)
    process.submit("out", [B], envelope)
    outcome = process.wait_for("delivered")
    assert outcome["accepted"], outcome
    for _ in range(60):  # what comes while POP3 lists is seen at the next look
        process.look_now("in")
        with contextlib.suppress(TimeoutError):
            process.wait_for("mail_arrived", seconds=1, envelope=envelope)
            return
    raise TimeoutError("nothing arrived")


def a_token_opens_each_protocol_by_each_mechanism(server):
    for mechanism in MECHANISMS:
        offer_only(server, mechanism)
        for protocol in ("imaps", "pop3"):
            with process_for(server, "token") as process:
                round_trip(server, process, protocol, login="token")
        wanted = {(protocol, mechanism) for protocol in PROTOCOLS}
        assert wanted <= good(server.ask("logins")), server.ask("logins")
    assert {mechanism for _, mechanism in good(server.ask("logins"))} == set(MECHANISMS)
    assert server.ask("counters")["secrets_in_clear"] == 0


def tokens_of_thousands_of_letters_go_too(server):
    long_token = "eyJ0eXAi." + "x" * 6000
    for user in (A, B):
        server.say("user", user, "secret", long_token)
    for mechanism in MECHANISMS:
        offer_only(server, mechanism)
        for protocol in ("imap", "pop3s"):
            with process_for(server, long_token) as process:
                round_trip(server, process, protocol, login="token")


def a_refused_token_is_told_with_what_the_server_says_and_is_asked_for_anew(server):
    for mechanism in MECHANISMS:
        offer_only(server, mechanism)
        for protocol in ("imap", "pop3"):
            with process_for(server, "expired") as process:
                process.configure(sender(server, login="token"), receiver(server, protocol, login="token"))
                process.submit("out", [B], stamped_envelope(OURS))
                problems = [process.wait_for("delivered")["problem"], process.wait_for("told", account="in")["what"]]
                for problem in problems:
                    assert problem["code"] == "refused" and "does not accept the token" in problem["message"], problem
                    assert '{"status":"401","schemes":"bearer"}' in problem["detail"], problem
                    assert "TOKEN COMMAND" in problem["hint"], problem
                process.password = "token"  # the next one that the host is asked for is good
                round_trip(server, process, protocol, login="token")
    assert server.ask("counters")["secrets_in_clear"] == 0


def no_token_is_said_without_tls(server):
    for protocol in PROTOCOLS:
        server.say("set", f"{protocol}.without", "STARTTLS STLS")
    server.say("set", "clear_auth", "on")
    for protocol in ("imap", "pop3"):
        with process_for(server, "token") as process:
            process.configure(sender(server, login="token"), receiver(server, protocol, login="token"))
            assert "STARTTLS" in process.wait_for("told", account="in")["what"]["message"]
            process.submit("out", [B], stamped_envelope(OURS))
            problem = process.wait_for("delivered")["problem"]
            assert problem["code"] == "refused" and "STARTTLS" in problem["message"], problem
    assert server.ask("counters")["secrets_in_clear"] == 0 and not server.ask("logins")


def where_tokens_are_not_taken_nothing_is_said(server):
    for protocol in PROTOCOLS:
        server.say("set", f"{protocol}.without", "AUTH=XOAUTH2 AUTH=OAUTHBEARER")
    for protocol in ("imap", "pop3"):
        with process_for(server, "token") as process:
            process.configure(sender(server, login="token"), receiver(server, protocol, login="token"))
            process.submit("out", [B], stamped_envelope(OURS))
            for problem in (process.wait_for("delivered")["problem"], process.wait_for("told", account="in")["what"]):
                assert problem["code"] == "refused" and "it takes no tokens" in problem["message"], problem
    assert not server.ask("logins"), server.ask("logins")


def where_only_tokens_are_taken_a_password_is_not_said(server):
    server.say("set", "smtp.without", "AUTH=PLAIN AUTH=LOGIN")
    with process_for(server) as process:
        process.configure(sender(server))
        process.submit("out", [B], stamped_envelope(OURS))
        problem = process.wait_for("delivered")["problem"]
        assert problem["code"] == "refused" and "it takes no passwords" in problem["message"], problem
        assert "TOKEN COMMAND" in problem["hint"], problem
    assert not server.ask("logins")


def where_no_certificate_is_a_login_that_is_said(server):
    """To a server for sending it is shown all the same: it may know us by it. This one does not."""
    certificates = Certificates(pathlib.Path(server.authority).parent)
    shown = [path.read_text(encoding="utf-8") for path in (certificates.certificate("client"),
                                                           certificates.key("client"))]
    for protocol in ("imap", "pop3s"):
        with NetworkProcess(ca=server.authority, certificate=shown) as process:
            query = "?certificate=main.pem"
            process.configure(
                account("out", user=A, send=f"smtp://localhost:{server.ports['smtp']}{query}", login="certificate"),
                account("in", user=B, receive=f"{protocol}://localhost:{server.ports[protocol]}{query}",
                        login="certificate"))
            process.submit("out", [B], stamped_envelope(OURS))
            problem = process.wait_for("told", account="in")["what"]
            assert problem["code"] == "refused" and "it takes no logins by certificate" in problem["message"], problem
            problem = process.wait_for("delivered")["problem"]
            assert problem["code"] == "refused" and "530" in problem["message"], problem
    assert not server.ask("logins"), server.ask("logins")


CASES = [value for value in list(globals().values())
         if getattr(value, "__module__", "") == __name__ and list(inspect.signature(value).parameters) == ["server"]]
