"""A proxy of the tests on one port: SOCKS5 with names (RFC 1928) and HTTP's CONNECT (RFC 9110 section 9.3.6), with a
login (RFC 1929, RFC 7617) or without."""
import base64
import contextlib
import socket
import socketserver
import struct
import threading

AT_ONCE = 65536
SOCKS_VERSION = 5
SOCKS_NAME = 3
SOCKS_GRANTED, SOCKS_NOT_ALLOWED = 0, 2
SOCKS_NO_LOGIN, SOCKS_BY_PASSWORD, SOCKS_NO_METHOD = 0, 2, 0xff


class Conversation(socketserver.StreamRequestHandler):
    rbufsize = 0  # what follows the request is for the server behind

    def handle(self):
        with contextlib.suppress(OSError, struct.error):
            self.greet_socks() if self.request.recv(1, socket.MSG_PEEK) == bytes([SOCKS_VERSION]) else self.greet_http()

    def greet_socks(self):
        methods = self.rfile.read(self.rfile.read(2)[1])
        method = SOCKS_BY_PASSWORD if self.server.login else SOCKS_NO_LOGIN
        self.wfile.write(bytes([SOCKS_VERSION, method if method in methods else SOCKS_NO_METHOD]))
        if method not in methods or not self.logs_in_by_socks():
            return
        _, _, _, kind = self.rfile.read(4)
        if kind != SOCKS_NAME:
            raise OSError("not asked by name")
        host = self.rfile.read(self.rfile.read(1)[0]).decode()
        port = struct.unpack(">H", self.rfile.read(2))[0]

        def answer(good):
            code = SOCKS_GRANTED if good else SOCKS_NOT_ALLOWED
            self.wfile.write(bytes([SOCKS_VERSION, code, 0, 1]) + bytes(6))

        self.serve(host, port, answer)

    def logs_in_by_socks(self):
        if not self.server.login:
            return True
        self.rfile.read(1)
        user = self.rfile.read(self.rfile.read(1)[0]).decode()
        password = self.rfile.read(self.rfile.read(1)[0]).decode()
        good = (user, password) == self.server.login
        self.wfile.write(bytes([1, 0 if good else 1]))
        return good

    def logs_in_by_http(self, lines):
        wanted = base64.b64encode(":".join(self.server.login).encode()) if self.server.login else None
        return wanted is None or b"Proxy-Authorization: Basic " + wanted + b"\r\n" in lines

    def greet_http(self):
        lines = []
        while not lines or lines[-1] not in (b"\r\n", b""):
            lines.append(self.rfile.readline())
        verb, target, _ = lines[0].decode().split(" ")
        if verb != "CONNECT":
            raise OSError("not CONNECT")
        if not self.logs_in_by_http(lines):
            self.wfile.write(b"HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic realm=\"x\"\r\n"
                             b"Content-Length: 0\r\n\r\n")
            return
        host, _, port = target.rpartition(":")
        self.serve(host, int(port), lambda good: self.wfile.write(
            b"HTTP/1.1 200 OK\r\n\r\n" if good else b"HTTP/1.1 403 Forbidden here\r\nContent-Length: 0\r\n\r\n"))

    def serve(self, host, port, answer):
        self.server.asked.append((host, port))
        if self.server.refuses:
            answer(False)
            return
        with socket.create_connection((host, port)) as behind:
            answer(True)
            back = threading.Thread(target=pass_on, args=(behind, self.request))
            back.start()
            pass_on(self.request, behind)
            back.join()


def pass_on(source, target):
    with contextlib.suppress(OSError):
        while content := source.recv(AT_ONCE):
            target.sendall(content)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


class TinyProxy:
    """`asked` are the hosts and ports that clients wanted; `login` a user and a password, where it asks for them."""

    def __init__(self, refuses=False, login=None):
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation)
        self.server.daemon_threads = True
        self.server.asked, self.server.refuses, self.server.login = [], refuses, login
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))

    @property
    def asked(self):
        return self.server.asked

    def url(self, kind, user=""):
        return f"{kind}://{user}127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
