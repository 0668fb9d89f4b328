"""Logged-in clients of Python's own libraries, for servers of either kind."""
import contextlib
import imaplib
import poplib
import smtplib

SECONDS = 30


def text(subject, body="hello", recipient="b@test.invalid", sender="a@test.invalid"):
    lines = [f"From: {sender}", f"To: {recipient}", f"Subject: {subject}", "", body, ""]
    return "\r\n".join(lines).encode()


def name_of(user):
    return user if "@" in user else f"{user}@test.invalid"


@contextlib.contextmanager
def smtp(server, user="a", password="secret"):
    port = server.ports.get("submission") or server.ports["smtp"]
    with smtplib.SMTP("localhost", port, timeout=SECONDS) as client:
        client.starttls(context=server.client_tls())
        if user:
            client.login(name_of(user), password)
        yield client


@contextlib.contextmanager
def imap(server, user="b", password="secret", box="INBOX"):
    client = imaplib.IMAP4("localhost", server.ports["imap"], timeout=SECONDS)
    try:
        client.starttls(server.client_tls())
        client.login(name_of(user), password)
        if box:
            client.select(box)
        yield client
        client.logout()
    finally:
        with contextlib.suppress(OSError):  # closed already
            client.shutdown()


@contextlib.contextmanager
def pop3(server, user="b", password="secret"):
    client = poplib.POP3_SSL("localhost", server.ports["pop3s"], timeout=SECONDS, context=server.client_tls())
    try:
        client.user(name_of(user))
        client.pass_(password)
        yield client
    finally:
        client.close()


def refused(exception, action):
    """The exception that an action must end with."""
    try:
        action()
    except exception as refusal:
        return refusal
    raise AssertionError(f"{exception.__name__} was expected")
