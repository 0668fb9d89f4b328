"""Opens envelopes and pairings, from docs/protocol.md alone."""
import base64
import hashlib
import hmac

import cbor2
import nacl.bindings as sodium
from frames import require
from nacl.signing import VerifyKey

MAGIC = b"PRDR\x01\x0d\x0a\x00"
FIXED, STAMP, WRAP = 80, 16, 48
CHUNK = 65536


def digest(size, label, content, key=b""):
    return hashlib.blake2b(content, digest_size=size, key=key, person=label.encode().ljust(16, b"\0")).digest()


def number(content):
    return int.from_bytes(content, "big")


def aead_open(box, associated, key56):
    return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(box, associated, key56[32:], key56[:32])


class Part:
    """What a part says once it is opened and proven."""

    def __init__(self, part, receiver):
        """receiver: secret, pk, psk, stamp_key, node_id; sender_node_id and sender_sign_pk of the claimed sender."""
        fixed = part[:FIXED]
        require(fixed[:8] == MAGIC and fixed[8] == 1, "magic and suite")
        recipients, head_size, body_size = fixed[9], number(fixed[10:12]), number(fixed[12:16])
        require(1 <= recipients <= 50 and head_size in (104, 152), "prologue")
        slots_end = FIXED + recipients * (STAMP + WRAP)
        slots = [part[place : place + STAMP + WRAP] for place in range(FIXED, slots_end, STAMP + WRAP)]
        head_box = part[slots_end : slots_end + head_size]
        self.body = part[slots_end + head_size : slots_end + head_size + body_size]
        wraps = b"".join(slot[STAMP:] for slot in slots)

        cover = digest(32, "postrider cover", fixed + wraps + head_box)
        stamp = digest(16, "postrider stamp", cover, receiver["stamp_key"])
        ours = [slot for slot in slots if hmac.compare_digest(slot[:STAMP], stamp)]
        require(len(ours) == 1, "one slot bears our stamp")
        require(digest(32, "postrider part", self.body) == fixed[48:80], "part_hash")

        ephemeral = fixed[16:48]
        shared = sodium.crypto_scalarmult(receiver["secret"], ephemeral)
        key = digest(56, "postrider wrap", receiver["psk"] + ephemeral + receiver["pk"] + receiver["node_id"], shared)
        self.content_key = aead_open(ours[0][STAMP:], fixed, key)
        head = aead_open(head_box, fixed, digest(56, "postrider head", ephemeral, self.content_key))
        fields, signature = head[:-64], head[-64:]
        commitment = digest(32, "postrider commit", b"", self.content_key)
        self.sender = receiver["sender_node_id"]
        signed = digest(64, "postrider sign", self.sender + commitment + fixed + wraps + fields)
        VerifyKey(receiver["sender_sign_pk"]).verify(signed, signature)
        self.read_fields(fields)

    def read_fields(self, fields):
        self.kind, flags = fields[0], fields[1]
        require(flags == (1 if len(fields) == 72 else 0), "flags")
        self.signing_generation = number(fields[2:4])
        self.stream, self.incarnation, self.number = fields[4:8], fields[8:16], fields[16:24]
        self.split = None
        if flags:
            self.split = (number(fields[24:32]), number(fields[32:40]), fields[40:72])
            total, offset, _ = self.split
            require(offset + len(self.body) <= total, "range")

    def whole_body(self, body):
        """Checks that our slice is where the head says, in a body that came in several parts."""
        total, offset, body_hash = self.split
        require(len(body) == total and digest(32, "postrider part", body) == body_hash, "body_hash")
        require(body[offset : offset + len(self.body)] == self.body, "slice")
        return body

    def plaintext(self, body):
        context = (self.sender if self.kind != 3 else bytes(16)) + self.stream + self.incarnation + self.number
        associated = digest(32, "postrider ctx", context)
        state = sodium.crypto_secretstream_xchacha20poly1305_state()
        key = digest(32, "postrider body", b"", self.content_key)
        sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, body[:24], key)
        out = b""
        place = 24
        tag = 0
        while place < len(body):
            require(tag == 0, "nothing after the final chunk")
            chunk = body[place : place + CHUNK + 17]
            text, tag = sodium.crypto_secretstream_xchacha20poly1305_pull(state, chunk, associated)
            require(len(text) == CHUNK or tag == 3, "only the last chunk is shorter")
            out += text
            place += len(chunk)
        require(tag == 3, "the last chunk is final")
        return out


def check_envelope(vector):
    receiver = {
        "secret": vector["receiver_secret"], "pk": vector["receiver_pk"], "psk": vector["psk"],
        "stamp_key": vector["stamp_key"], "node_id": vector["receiver_node_id"],
        "sender_node_id": vector["sender_node_id"], "sender_sign_pk": vector["sender_sign_pk"],
    }
    require(sodium.crypto_scalarmult_base(vector["receiver_secret"]) == vector["receiver_pk"], "key pair")
    part = Part(vector["part"], receiver)
    require(part.content_key == vector["content_key"], "content_key")
    require(part.kind == number(vector["kind"]), "kind")
    require(part.signing_generation == number(vector["signing_generation"]), "signing_generation")
    for field in ("stream", "incarnation", "number"):
        require(getattr(part, field) == vector[field], field)
    body = part.body
    if part.split:
        expected = (number(vector["body_total"]), number(vector["offset"]), vector["body_hash"])
        require(part.split == expected, "split fields")
        body = part.whole_body(vector["body"])
    plaintext = part.plaintext(body)
    if "plaintext" in vector:
        require(plaintext == vector["plaintext"], "plaintext")
    else:
        require(digest(32, "postrider batch", plaintext) == vector["plaintext_hash"], "plaintext_hash")


def check_label(vector):
    output = digest(len(vector["output"]), vector["label"].decode(), vector["input"], vector["key"])
    require(output == vector["output"], "output")


def read_line(line):
    """The invitation as a map, and the public invitation."""
    prefix, text = line.split(":")
    require(prefix == "postrider1", "prefix")
    content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    encoded, check = content[:-4], content[-4:]
    require(digest(4, "postrider check", encoded) == check, "checksum")
    invitation = cbor2.loads(encoded)
    public = cbor2.dumps({key: value for key, value in invitation.items() if key != 9})
    return invitation, public


def pairing_part(vector, name, psk, stamp_key, sides):
    """Opens a kind 3 part: `sides` are the sender's and the receiver's prefixes in the vector."""
    sender, receiver = sides
    part = Part(vector[name], {
        "secret": vector[receiver + "_contact_secret"], "pk": vector[receiver + "_contact_pk"], "psk": psk,
        "stamp_key": stamp_key, "node_id": vector[receiver + "_node_id"],
        "sender_node_id": vector[sender + "_node_id"], "sender_sign_pk": vector[sender + "_sign_pk"],
    })
    require(part.kind == 3 and not part.split, "kind 3")
    return part.plaintext(part.body)


def answer_fields(body):
    name_end = 195 + number(body[193:195])
    end = name_end + 2 + number(body[name_end : name_end + 2])
    return body[:end], body[end : end + 32]


def check_pairing(vector, words_list):
    invitation, public = read_line(vector["line"].decode())
    require(public == vector["public_invitation"] and invitation[9] == vector["secret"], "invitation")
    require(invitation[1] == vector["inviter_node_id"], "node_id of the inviter")
    k = digest(32, "postrider invite", invitation[0] + digest(32, "postrider line", public), invitation[9])
    require(k == vector["k"], "k")
    stamp_key = digest(32, "postrider pstamp", b"", k)
    require(stamp_key == vector["pairing_stamp_key"], "pairing_stamp_key")
    require(digest(32, "postrider nonce", vector["nonce_a"]) == invitation[6], "commitment")

    answer = pairing_part(vector, "answer_part", k, stamp_key, ("accepter", "inviter"))
    require(answer == vector["answer_body"] and len(answer) == 1024 and answer[0] == 1, "answer")
    require(answer[157:189] == vector["nonce_b"], "nonce_b")
    fields, tag = answer_fields(answer)
    t1 = digest(64, "postrider trans", public + fields)
    require(t1 == vector["t1"], "t1")
    require(tag == digest(32, "postrider answer", t1, k), "tag of the answer")
    accepters_stamp_key = answer[125:157]
    require(accepters_stamp_key == vector["accepters_stamp_key"], "accepters_stamp_key")

    confirm = pairing_part(vector, "confirm_part", k, accepters_stamp_key, ("inviter", "accepter"))
    require(confirm == vector["confirm_body"] and len(confirm) == 1024 and confirm[0] == 2, "confirm")
    require(confirm[9:41] == vector["nonce_a"], "nonce_a")
    transcript = t1 + vector["nonce_a"] + vector["nonce_b"]
    require(confirm[109:141] == digest(32, "postrider agreed", transcript, k), "tag of the confirm")
    require(digest(32, "postrider psk", transcript, k) == vector["psk_pair"], "psk_pair")

    bits = number(digest(32, "postrider words", transcript)) >> (256 - 44)
    words = [words_list[bits >> shift & 2047] for shift in (33, 22, 11, 0)]
    require(" ".join(words) == vector["words"].decode(), "words")
