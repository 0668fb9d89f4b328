"""Connections of the network process through proxies, to the fault server."""
import contextlib
import inspect
import socket
import urllib.parse

from fault_client import FaultServer
from network_fault_cases import A, B, OURS, process_for
from network_process import NetworkProcess, account, stamped_envelope
from tiny_proxy import TinyProxy


def run(case):
    with FaultServer() as server:
        case(server)


def accounts(server, proxy, host="localhost"):
    """By name: the servers are called so that only the proxy can find them."""
    query = f"?proxy={proxy}"
    return (account("out", user=A, send=f"smtps://{host}:{server.ports['smtps']}{query}"),
            account("in", user=B, receive=f"imap://{host}:{server.ports['imap']}{query}", stamp_keys=[OURS]))


def process_with(server, login):
    return NetworkProcess(ca=server.authority, proxy_password=login[1] if login else "")


def proxy_of(proxy, kind, login):
    """As it stands in a URL. The process learns the password from its host alone."""
    if not login:
        return proxy.url(kind)
    return proxy.url(kind, urllib.parse.quote(login[0], safe="") + "@") + "&proxy_password=proxy.password"


def problems(process, configured):
    """Of sending, and of receiving."""
    process.configure(*configured)
    process.submit("out", [B], stamped_envelope(OURS))
    return process.wait_for("delivered")["problem"], process.wait_for("told", account="in")["what"]


def go_through_both_kinds(server, login):
    for kind in ("socks5h", "http"):
        with TinyProxy(login=login) as proxy, process_with(server, login) as process:
            process.configure(*accounts(server, proxy_of(proxy, kind, login)))
            envelope = stamped_envelope(OURS)
            process.submit("out", [B], envelope)
            assert process.wait_for("delivered")["accepted"]
            for _ in range(60):
                process.look_now("in")
                with contextlib.suppress(TimeoutError):
                    process.wait_for("mail_arrived", seconds=1, envelope=envelope)
                    break
            else:
                raise TimeoutError("nothing arrived")
            wanted = {("localhost", server.ports["smtps"]), ("localhost", server.ports["imap"])}
            assert set(proxy.asked) == wanted, f"it looks up the names: {proxy.asked}"
    assert server.ask("counters")["secrets_in_clear"] == 0


def mails_go_through_both_kinds_of_proxies(server):
    go_through_both_kinds(server, None)


def proxies_that_want_a_login_get_it(server):
    go_through_both_kinds(server, ("an@na:", "ge heim"))


def a_proxy_that_refuses_is_told_from_the_server(server):
    for kind in ("socks5h", "http"):
        with TinyProxy(refuses=True) as proxy, process_for(server) as process:
            for problem in problems(process, accounts(server, proxy.url(kind))):
                assert problem["code"] == "unavailable", problem
                assert "its proxy does not connect us to it" in problem["message"], problem
                assert proxy.url(kind) in problem["message"] and problem["detail"], problem
    assert not server.ask("logins")


def a_proxy_that_is_not_there_is_told_from_the_server(server):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for kind in ("socks5h", "http"):
        with process_for(server) as process:
            for problem in problems(process, accounts(server, f"{kind}://127.0.0.1:{port}")):
                assert problem["code"] == "unavailable" and "at its proxy" in problem["message"], problem
    with process_for(server) as process:
        for problem in problems(process, accounts(server, "http://nowhere.invalid:3128")):
            assert "name of its proxy cannot be looked up" in problem["message"], problem


def a_certificate_behind_a_proxy_is_looked_at(server):
    server.say("set", "certificate", "wrong_host")
    with TinyProxy() as proxy, process_for(server) as process:
        for problem in problems(process, accounts(server, proxy.url("socks5h"))):
            assert problem["code"] == "refused" and "certificate is not accepted" in problem["message"], problem
    assert not server.ask("logins")


def a_proxy_that_wants_another_login_says_so(server):
    for kind in ("socks5h", "http"):
        with TinyProxy(login=("anna", "secret")) as proxy:
            for wrong in (("anna", "wrong"), ("otto", "secret")):
                with process_with(server, wrong) as process:
                    for problem in problems(process, accounts(server, proxy_of(proxy, kind, wrong))):
                        assert problem["code"] == "refused", problem
                        assert "its proxy does not accept our user and password" in problem["message"], problem
            with process_for(server) as process:
                for problem in problems(process, accounts(server, proxy.url(kind))):
                    assert problem["code"] == "refused" and "its proxy wants a login" in problem["message"], problem
                    assert "proxy_password=FILE" in problem["hint"], problem
            assert not proxy.asked
    assert not server.ask("logins")


CASES = [value for value in list(globals().values())
         if getattr(value, "__module__", "") == __name__ and list(inspect.signature(value).parameters) == ["server"]]
