"""IMAP's commands about mails: FETCH, STORE, SEARCH, COPY, MOVE, EXPUNGE, by number or by UID."""
import re
import time

from fault_connection import Closed
from fault_imap_words import Malformed, Search, in_set

MACROS = {"ALL": ["FLAGS", "INTERNALDATE", "RFC822.SIZE"], "FAST": ["FLAGS", "INTERNALDATE", "RFC822.SIZE"]}
BODY = re.compile(r"BODY(?P<peek>\.PEEK)?\[(?P<section>[^\]]*)\](?:<(?P<begin>\d+)\.(?P<count>\d+)>)?$", re.I)


def as_set(numbers):
    """Numbers in the short form of IMAP: 1:3,5."""
    ranges = []
    for number in sorted(numbers):
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ",".join(str(low) if low == high else f"{low}:{high}" for low, high in ranges)


class ImapMails:
    """Part of the class Imap, which holds `box`, `view` and `by_uid`."""

    by_uid = False

    def tell_changes(self):
        """What happened in the mailbox since the client was told last."""
        if self.box is None:
            return
        if self.generation != self.box.validity:
            self.untagged("BYE the mailbox was rebuilt")
            self.writer.write(self.output)
            raise Closed("UIDVALIDITY changed")
        there = set(map(id, self.box.messages))
        for number in range(len(self.view), 0, -1):
            if id(self.view[number - 1]) not in there:
                del self.view[number - 1]
                self.untagged(f"{number} EXPUNGE")
        if len(self.box.messages) > len(self.view):
            self.view = list(self.box.messages)
            self.untagged(f"{len(self.view)} EXISTS")

    def _chosen(self, text):
        """(number, message) of those that a set names; gone ones are passed over."""
        if self.by_uid:
            uids = [message.uid for message in self.view]
            largest = max(uids, default=0)
            inside = in_set(text, largest)
            if not self.server.flag("imap.star", True) and "*" in text:
                first = int(text.split(":")[0]) if text.split(":")[0].isdigit() else 0
                if first > largest:
                    return []
            return [pair for pair in enumerate(self.view, 1) if inside(pair[1].uid)]
        inside = in_set(text, len(self.view))
        return [pair for pair in enumerate(self.view, 1) if inside(pair[0])]

    # --- reading ------------------------------------------------------------------------------------------------------

    async def do_fetch(self, words):
        items = words[1] if isinstance(words[1], list) else MACROS.get(words[1].upper(), [words[1]])
        for number, message in self._chosen(words[0]):
            parts = [self._item(item, message) for item in items if item.upper() != "UID"]
            if self.by_uid or "UID" in (item.upper() for item in items):
                parts.insert(0, f"UID {message.uid}".encode())
            self.write(f"* {number} FETCH (".encode() + b" ".join(parts) + b")\r\n")
            if self.rule is None and len(self.output) > 1 << 20:
                await self.flush()
        if not self.by_uid:
            self.done()
            return
        self.tell_changes()
        self.done()

    def _item(self, item, message):
        name = item.upper()
        if name == "FLAGS":
            return f"FLAGS ({' '.join(sorted(message.flags))})".encode()
        if name == "INTERNALDATE":
            return time.strftime('INTERNALDATE "%d-%b-%Y %H:%M:%S +0000"', time.gmtime(message.received)).encode()
        if name == "RFC822.SIZE":
            return f"RFC822.SIZE {len(message.content)}".encode()
        if name in ("RFC822", "RFC822.HEADER"):
            return name.encode() + b" " + self._literal(message.content if name == "RFC822" else message.header)
        body = BODY.match(item)
        if body is None:
            raise Malformed(f"unknown item {item}")
        if not body["peek"] and not self.read_only:
            message.flags.add("\\Seen")
        content = self._section(body["section"], message)
        origin = ""
        if body["begin"] is not None:
            begin = int(body["begin"])
            content = content[begin:begin + int(body["count"])]
            origin = f"<{begin}>"
        return f"BODY[{body['section']}]{origin} ".encode() + self._literal(content)

    @staticmethod
    def _section(section, message):
        name = section.upper()
        if name == "":
            return message.content
        if name == "HEADER":
            return message.header
        if name == "TEXT":
            return message.content[len(message.header):]
        fields = re.match(r"HEADER\.FIELDS \(([^)]*)\)$", name)
        if fields is None:
            raise Malformed(f"unknown section {section}")
        lines = [line for field in fields[1].split() for line in message.header_values(field)]
        return b"".join(line + b"\r\n" for line in lines) + b"\r\n"

    def _literal(self, content):
        sent = content[:-self.rule.short] if self.rule and self.rule.short else content
        return f"{{{len(content)}}}\r\n".encode() + sent

    async def do_search(self, words):
        wanted = None
        if words and str(words[0]).upper() == "RETURN":
            if not self.offers("ESEARCH"):
                raise Malformed("no ESEARCH here")
            wanted = [word.upper() for word in words[1]] or ["ALL"]
            words = words[2:]
        test = Search(words, len(self.view), max((message.uid for message in self.view), default=0)).all()
        found = [message.uid if self.by_uid else number for number, message in enumerate(self.view, 1)
                 if test(number, message)]
        if wanted is None:
            self.untagged(" ".join(["SEARCH", *map(str, found)]))
        else:
            facts = {"MIN": found[:1] and str(found[0]), "MAX": found[:1] and str(found[-1]), "ALL": as_set(found),
                     "COUNT": str(len(found))}
            told = [f"{name} {facts[name]}" for name in wanted if facts.get(name)]
            self.untagged(" ".join([f'ESEARCH (TAG "{self.tag.decode()}")', *["UID"] * self.by_uid, *told]))
        self.done()

    # --- changing -----------------------------------------------------------------------------------------------------

    async def do_store(self, words):
        action = words[1].upper()
        given = set(words[2] if isinstance(words[2], list) else words[2:])
        if self.read_only or action.removesuffix(".SILENT") not in ("FLAGS", "+FLAGS", "-FLAGS"):
            self.done("NO cannot be stored")
            return
        for number, message in self._chosen(words[0]):
            if action.startswith("+"):
                message.flags |= given
            elif action.startswith("-"):
                message.flags -= given
            else:
                message.flags = set(given)
            if not action.endswith(".SILENT"):
                uid = f"UID {message.uid} " if self.by_uid else ""
                self.untagged(f"{number} FETCH ({uid}FLAGS ({' '.join(sorted(message.flags))}))")
        self.done()

    async def _copy(self, words):
        """Copies; gives the originals and the response code that names the copies, or None and says why not."""
        target = self.user.box(words[1])
        if target is None:
            self.done("NO [TRYCREATE] no such mailbox")
            return None
        there = set(map(id, self.box.messages))
        chosen = [message for _, message in self._chosen(words[0]) if id(message) in there]
        uids = [target.add(message.content, message.flags, message.received) for message in chosen]
        code = f"[COPYUID {target.validity} {as_set(message.uid for message in chosen)} {as_set(uids)}] "
        return chosen, code if chosen and self.offers("UIDPLUS") else ""

    async def do_copy(self, words):
        copied = await self._copy(words)
        if copied:
            self.done(f"OK {copied[1]}copied")

    async def do_move(self, words):
        if not self.offers("MOVE"):
            self.done("BAD what?")
            return
        copied = await self._copy(words)
        if copied:
            if copied[1]:
                self.untagged(f"OK {copied[1]}moved")
            self.box.remove(copied[0])
            self.tell_changes()
            self.done("OK moved" if copied[0] else "OK no messages found")

    async def do_expunge(self, words):
        if self.by_uid and not self.offers("UIDPLUS"):
            self.done("BAD what?")
            return
        chosen = [message for _, message in self._chosen(words[0])] if self.by_uid else self.view
        self.box.remove([message for message in chosen if "\\Deleted" in message.flags])
        self.tell_changes()
        self.done()
