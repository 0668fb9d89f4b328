"""The network process finds the servers of an address: DNS, autoconfig and usual names, all on loopback."""
import contextlib
import inspect

from fault_client import FaultServer
from network_fault_cases import B, OURS
from network_process import NetworkProcess, account, stamped_envelope
from tiny_net import NameServer, Serving, WebServer

PAGE = "/mail/config-v1.1.xml"
WELL_KNOWN = "/.well-known/autoconfig/mail/config-v1.1.xml"
HOST = "mail.test.invalid"


def run(case):
    with FaultServer() as server:
        case(server)


@contextlib.contextmanager
def net(server, records=None, pages=None, certificate="right", usual_ports=False):
    """A process that lives in this net alone; with the name server and the web server."""
    with (Serving(NameServer(records or {})) as names,
          Serving(WebServer(server.authority, pages or {}, certificate)) as web):
        places = [f"{host}:443:127.0.0.1:{web.server_address[1]}"
                  for host in ("autoconfig.test.invalid", "test.invalid")]
        if usual_ports:
            places += [f"{HOST}:{port}:127.0.0.1:{server.ports[name]}"
                       for name, port in (("imaps", 993), ("smtp", 587))]
        places.append("::127.0.0.1:")  # all others at the port that they say
        environment = {"POSTRIDER_TEST_RESOLVER": names.address, "POSTRIDER_TEST_CONNECT_TO": ",".join(places)}
        with NetworkProcess(ca=server.authority, environment=environment) as process:
            yield process, names, web


def searching(**given):
    return account("main", user=B, stamp_keys=[OURS], finds=True, **given)


def services(server, host=HOST):
    return {"_imaps._tcp.test.invalid": [(20, 0, 1, "away.test.invalid"), (10, 1, server.ports["imaps"], host)],
            "_submission._tcp.test.invalid": [(0, 0, server.ports["smtp"], host)]}


def autoconfig(server, host=HOST):
    return f"""<?xml version="1.0"?>
<clientConfig version="1.1"><emailProvider id="test.invalid"><domain>test.invalid</domain>
  <incomingServer type="imap"><hostname>{host}</hostname><port>{server.ports["imap"]}</port>
    <socketType>STARTTLS</socketType><authentication>password-cleartext</authentication></incomingServer>
  <outgoingServer type="smtp"><hostname>{host}</hostname><port>{server.ports["smtps"]}</port>
    <socketType>SSL</socketType></outgoingServer></emailProvider></clientConfig>"""


def dns_names_the_servers(server):
    with net(server, services(server)) as (process, names, web):
        process.configure(searching())
        found = process.wait_for("servers_found", account="main")
        assert found["receive"] == f"imaps://{HOST}:{server.ports['imaps']}", found
        assert found["send"] == f"smtp://{HOST}:{server.ports['smtp']}", found
        assert found["how"] == "DNS names it" and not web.asked, (found, web.asked)
        assert len(names.asked) == 5, names.asked
        assert not server.ask("logins"), "nobody logs in while it is searched"
        envelope = stamped_envelope(OURS)
        process.submit("main", [B], envelope)
        process.configure(searching(receive=found["receive"], send=found["send"]))
        assert process.wait_for("delivered")["accepted"], "a mail waits until its server is found"
        process.look_now("main")
        process.wait_for("mail_arrived", envelope=envelope)
    assert server.ask("counters")["secrets_in_clear"] == 0


def what_is_given_by_hand_is_not_searched_for(server):
    receive = f"imaps://localhost:{server.ports['imaps']}"
    with net(server, services(server)) as (process, _, _):
        process.configure(searching(receive=receive))
        found = process.wait_for("servers_found", account="main")
        assert found["receive"] == "" and found["send"].startswith("smtp://"), found


def autoconfig_names_the_servers(server):
    for path in (PAGE, WELL_KNOWN):
        with net(server, pages={path: autoconfig(server)}) as (process, _, web):
            process.configure(searching())
            found = process.wait_for("servers_found", account="main")
            assert found["receive"] == f"imap://{HOST}:{server.ports['imap']}", found
            assert found["send"] == f"smtps://{HOST}:{server.ports['smtps']}", found
            assert found["how"] == "autoconfig names it", found
            assert ("autoconfig.test.invalid", f"{PAGE}?emailaddress=b%40test%2Einvalid") in web.asked, web.asked


def usual_names_are_tried_last(server):
    with net(server, usual_ports=True) as (process, _, _):
        process.configure(searching())
        found = process.wait_for("servers_found", account="main")
        assert found["receive"] == f"imaps://{HOST}:993" and found["send"] == f"smtp://{HOST}:587", found


def not_found(process):
    process.configure(searching())
    process.submit("main", [B], stamped_envelope(OURS))
    problem = process.wait_for("delivered")["problem"]
    told = process.wait_for("told", account="main")["what"]
    assert told["message"] == problem["message"] == f'could not find a server for mails of "{B}"', (told, problem)
    process.wait_for("looked", account="main")
    assert "RECEIVE 'imaps://…' SEND 'smtps://…'" in told["hint"], told
    return told


def a_server_elsewhere_is_named_and_not_used(server):
    for given in ({"records": services(server, "localhost")}, {"pages": {PAGE: autoconfig(server, "localhost")}}):
        with net(server, **given) as (process, _, _):
            told = not_found(process)
            assert "localhost" in told["detail"] and "neither within test.invalid" in told["detail"], told
            assert "://localhost:" in told["hint"], told
    assert not server.ask("connections"), "nobody connected to it"


def where_nothing_is_found_it_is_said_what_was_tried(server):
    with net(server) as (process, _, _):
        told = not_found(process)
        for tried in ("SRV records of test.invalid: there are none", "autoconfig.test.invalid: The requested URL",
                      "test.invalid/.well-known/autoconfig: ", "imaps://imap.test.invalid:993: nobody answers there",
                      "smtp://mail.test.invalid:587: nobody answers there"):
            assert tried in told["detail"], told


def one_of_two_servers_is_used_while_the_other_is_looked_for(server):
    records = services(server)
    submission = records.pop("_submission._tcp.test.invalid")
    with net(server, records) as (process, names, _):
        process.configure(searching())
        found = process.wait_for("servers_found")
        assert found["receive"] == f"imaps://{HOST}:{server.ports['imaps']}" and not found["send"], found
        told = process.wait_for("told", account="main")["what"]
        assert told["message"] == f'could not find a server for sending mails of "{B}"', told
        assert "RECEIVE" not in told["hint"], told
        process.configure(searching(receive=found["receive"]))
        process.wait_for("looked", account="main", reached=True)
        names.records["_submission._tcp.test.invalid"] = submission
        process.look_now("main")
        found = process.wait_for("servers_found")
        assert not found["receive"] and found["send"] == f"smtp://{HOST}:{server.ports['smtp']}", found


def without_a_good_certificate_nothing_is_found(server):
    server.say("set", "certificate", "wrong_host")
    with net(server, services(server), usual_ports=True) as (process, _, _):
        assert "its certificate is not accepted" in not_found(process)["detail"]
    server.say("set", "certificate", "right")
    with net(server, pages={PAGE: autoconfig(server)}, certificate="stranger") as (process, _, web):
        not_found(process)
        assert not web.asked, web.asked
    assert not server.ask("logins")


def a_server_that_has_moved_is_found_again(server):
    with net(server, services(server)) as (process, _, _):
        gone = f"smtp://{HOST}:1"
        process.configure(searching(receive=f"imaps://{HOST}:{server.ports['imaps']}", send=gone))
        for _ in range(3):
            process.submit("main", [B], stamped_envelope(OURS))
            assert not process.wait_for("delivered")["accepted"]
        found = process.wait_for("servers_found", account="main")
        assert found["receive"] == "" and found["send"] == f"smtp://{HOST}:{server.ports['smtp']}", found


CASES = [value for value in list(globals().values())
         if getattr(value, "__module__", "") == __name__ and list(inspect.signature(value).parameters) == ["server"]]
