"""The mailboxes of the fault server, in memory, and the way of mails into them, which loses some and doubles others."""
import asyncio
import functools
import random
import time

FLAGS_OF_BOXES = {"Junk": "\\Junk", "Trash": "\\Trash", "Sent": "\\Sent"}


class Message:
    def __init__(self, uid, content, flags=(), received=None):
        self.uid = uid
        self.content = content
        self.flags = set(flags)
        self.received = time.time() if received is None else received

    @property
    def header(self):
        end = self.content.find(b"\r\n\r\n")
        return self.content if end < 0 else self.content[:end + 4]

    def header_values(self, name):
        """The lines of a header field, folded as they came."""
        found, taking = [], False
        for line in self.header.split(b"\r\n"):
            if taking and line[:1] in b" \t" and line:
                found[-1] += b"\r\n" + line
                continue
            taking = line.partition(b":")[0].strip().lower() == name.lower().encode()
            if taking:
                found.append(line)
        return found


class Mailbox:
    last_validity = int(time.time())

    def __init__(self, name):
        self.name = name
        self.messages = []
        self.uid_next = 1
        self.watchers = []
        self.renew()

    def renew(self):
        """As if it had been rebuilt: another UIDVALIDITY, and the mails are numbered from 1 again."""
        Mailbox.last_validity += 1
        self.validity = Mailbox.last_validity
        self.messages = [Message(uid, old.content, old.flags, old.received)
                         for uid, old in enumerate(self.messages, 1)]
        self.uid_next = len(self.messages) + 1
        self.wake()

    def add(self, content, flags=(), received=None):
        message = Message(self.uid_next, content, flags, received)
        self.uid_next += 1
        self.messages.append(message)
        self.wake()
        return message.uid

    def remove(self, messages):
        gone = set(map(id, messages))
        self.messages = [message for message in self.messages if id(message) not in gone]
        self.wake()

    def find(self, uid):
        return next((message for message in self.messages if message.uid == uid), None)

    def next_change(self):
        """A future that is done when the mailbox has changed."""
        change = asyncio.get_running_loop().create_future()
        self.watchers.append(change)
        return change

    def wake(self):
        watchers, self.watchers = self.watchers, []
        for change in watchers:
            if not change.done():
                change.set_result(None)


class User:
    def __init__(self, address, password, token=None):
        self.address = address
        self.password = password
        self.token = token
        self.quota = None
        self.boxes = {name: Mailbox(name) for name in ("INBOX", "Junk", "Trash")}

    def box(self, name):
        return self.boxes.get("INBOX" if name.upper() == "INBOX" else name)

    def create(self, name):
        self.boxes[name] = Mailbox(name)
        return self.boxes[name]

    @property
    def used(self):
        return sum(len(message.content) for box in self.boxes.values() for message in box.messages)

    def has_room(self, size):
        return self.quota is None or self.used + size <= self.quota


class Path:
    """What happens to a mail between the submission and its mailbox. What becomes of the n-th mail of a recipient
    depends on the seed, the recipient and n alone, so that a failing test can be run again."""

    def __init__(self, seed=0, loss=0.0, double=0.0, delay=0.0, seconds=1.0, reorder=0.0, junk=0.0):
        self.seed = seed
        self.chances = {"lost": loss, "doubled": double, "delayed": delay, "reordered": reorder, "junked": junk}
        self.seconds = seconds
        self.counts = {}
        self.outcomes = dict.fromkeys(("delivered", *self.chances), 0)
        self.held = []  # (deadline, deliver) of mails that others overtake
        self.timers = set()

    def send(self, recipient, deliver_to):
        """Calls `deliver_to` with a mailbox's name: never, once or twice, now or later."""
        number = self.counts[recipient] = self.counts.get(recipient, 0) + 1
        dice = random.Random(f"{self.seed}/{recipient}/{number}")
        fate = {name for name, chance in self.chances.items() if dice.random() < chance}
        for name in fate or {"delivered"}:
            self.outcomes[name] += 1
        if "lost" in fate:
            return
        deliver = functools.partial(deliver_to, "Junk" if "junked" in fate else "INBOX")
        for _ in range(2 if "doubled" in fate else 1):
            if "reordered" in fate:
                self._hold(deliver, self.seconds)  # until the next mail has passed, or nobody comes
            elif "delayed" in fate:
                self._later(deliver, dice.uniform(0.1, 1) * self.seconds)
            else:
                deliver()
        if "reordered" not in fate:
            self.release()

    def _later(self, deliver, seconds):
        entry = []

        def due():
            self.timers.discard(entry[0])
            deliver()

        handle = asyncio.get_running_loop().call_later(seconds, due)
        entry.append((handle, deliver))
        self.timers.add(entry[0])

    def _hold(self, deliver, seconds):
        entry = []

        def due():
            if entry[0] in self.held:
                self.held.remove(entry[0])
                deliver()

        entry.append((asyncio.get_running_loop().call_later(seconds, due), deliver))
        self.held.append(entry[0])

    def release(self):
        held, self.held = self.held, []
        for handle, deliver in held:
            handle.cancel()
            deliver()

    def flush(self):
        """Everything that is under way arrives now."""
        self.release()
        timers, self.timers = self.timers, set()
        for handle, deliver in sorted(timers, key=lambda timer: timer[0].when()):
            handle.cancel()
            deliver()
