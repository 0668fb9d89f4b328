"""What a mail domain publishes of its servers: a name server with SRV records, and a web server with autoconfig."""
import http.server
import pathlib
import socketserver
import ssl
import struct
import threading

SRV, INTERNET = 33, 1
ANSWER, NO_SUCH_NAME = 0x8180, 0x8183


def wire_name(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


class Question(socketserver.BaseRequestHandler):
    def handle(self):
        message, answer_on = self.request
        labels, at = [], 12
        while message[at]:
            labels.append(message[at + 1:at + 1 + message[at]].decode().lower())
            at += 1 + message[at]
        question = message[12:at + 5]
        name = ".".join(labels)
        self.server.asked.append(name)
        records = self.server.records.get(name, ())
        head = message[:2] + struct.pack(">HHHHH", ANSWER if records else NO_SUCH_NAME, 1, len(records), 0, 0)
        bodies = [struct.pack(">HHH", priority, weight, port) + wire_name(target)
                  for priority, weight, port, target in records]
        answers = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", SRV, INTERNET, 60, len(body)) + body for body in bodies)
        answer_on.sendto(head + question + answers, self.client_address)


class NameServer(socketserver.ThreadingUDPServer):
    """`records` are lists of (priority, weight, port, target) by the names of services."""
    daemon_threads = True

    def __init__(self, records):
        super().__init__(("127.0.0.1", 0), Question)
        self.records, self.asked = records, []

    @property
    def address(self):
        return f"127.0.0.1:{self.server_address[1]}"


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append((self.headers["Host"].partition(":")[0], self.path))
        text = self.server.pages.get(self.path.partition("?")[0])
        self.send_response(404 if text is None else 200)
        self.end_headers()
        self.wfile.write((text or "nothing").encode())

    def log_message(self, *_):
        pass


class WebServer(socketserver.ThreadingTCPServer):
    """`pages` are texts by their paths, by HTTPS with a certificate of the tests."""
    daemon_threads = True

    def __init__(self, authority, pages, kind="right"):
        super().__init__(("127.0.0.1", 0), Page)
        self.pages, self.asked = pages, []
        folder = pathlib.Path(authority).parent
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / f"{kind}.pem", folder / f"{kind}.key")
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, *_):
        pass  # a client that does not like the certificate


class Serving:
    """Runs such a server as long as the with statement lasts."""

    def __init__(self, server):
        self.server = server
        self.thread = threading.Thread(target=server.serve_forever, args=(0.05,))

    def __enter__(self):
        self.thread.start()
        return self.server

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
