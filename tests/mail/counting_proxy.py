"""A server in front of another one, which passes on what both sides say and counts it."""
import contextlib
import selectors
import socket
import threading

AT_ONCE = 65536


class CountingProxy:
    """Use as `with CountingProxy(port) as proxy:`; clients connect to proxy.port. `passed_on` are bytes both ways."""

    def __init__(self, target):
        self.target = target
        self.passed_on = 0
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.stopped, self.stop = socket.socketpair()
        self.thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.close()
        self.thread.join()

    def _serve(self):
        with contextlib.ExitStack() as opened, selectors.DefaultSelector() as selector:
            for own in (self.listener, self.stopped):
                opened.enter_context(own)
                selector.register(own, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self.stopped:
                        return
                    if key.fileobj is self.listener:
                        self._begin(selector, opened)
                    elif not self._pass_on(key.fileobj, key.data):
                        for ended in (key.fileobj, key.data):
                            with contextlib.suppress(KeyError, ValueError):
                                selector.unregister(ended)
                            ended.close()

    def _begin(self, selector, opened):
        client = opened.enter_context(self.listener.accept()[0])
        try:
            server = opened.enter_context(socket.create_connection(("127.0.0.1", self.target)))
        except OSError:
            client.close()
            return
        self.connections += 1
        selector.register(client, selectors.EVENT_READ, server)
        selector.register(server, selectors.EVENT_READ, client)

    def _pass_on(self, source, target):
        try:
            content = source.recv(AT_ONCE)
            target.sendall(content)
        except OSError:
            return False
        self.passed_on += len(content)
        return bool(content)
