"""A certificate authority of the tests and the certificates of their mail servers, good and bad, made on the fly.

    right       for localhost, 127.0.0.1, test.invalid, and mail and autoconfig within it
    wrong_host  of the same authority, for other.invalid
    expired     of the same authority, for the right names, ended years ago
    stranger    for the right names, signed by nobody but itself

and those of clients: client, of the same authority for the user a@test.invalid, and strange_client, of nobody but
itself for the same user.
"""
import pathlib
import shutil
import subprocess

RIGHT_NAMES = "DNS:localhost,DNS:mail.test.invalid,DNS:autoconfig.test.invalid,DNS:test.invalid,IP:127.0.0.1"
KINDS = ("right", "wrong_host", "expired", "stranger")
CLIENTS = ("client", "strange_client")
CLIENT_NAME = "a@test.invalid"

# Only `openssl ca` lets a certificate end in the past.
AUTHORITY = """
[ca]
default_ca = authority
[authority]
database = {folder}/index.txt
rand_serial = yes
default_md = sha256
policy = policy
email_in_dn = no
unique_subject = no
[policy]
commonName = supplied
"""
KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


class Certificates:
    """The files in a folder: ca.pem, <kind>.pem and <kind>.key for each kind."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    @property
    def authority(self):
        return self.folder / "ca.pem"

    def certificate(self, kind):
        return self.folder / f"{kind}.pem"

    def key(self, kind):
        return self.folder / f"{kind}.key"

    def make(self, readable_by_all=False):
        """Makes them; an MTA that drops its privileges reads its key as another user."""
        if shutil.which("openssl") is None:
            raise RuntimeError("the program openssl is missing; scripts/install-deps installs what the checks need")
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "index.txt").touch()
        (self.folder / "ca.conf").write_text(AUTHORITY.format(folder=self.folder), encoding="utf-8")
        self._self_signed("ca", "postrider test authority", "basicConstraints=critical,CA:TRUE",
                          "keyUsage=critical,keyCertSign,cRLSign")
        self._signed("right", RIGHT_NAMES, "20200101000000Z", "20491231000000Z")
        self._signed("wrong_host", "DNS:other.invalid", "20200101000000Z", "20491231000000Z")
        self._signed("expired", RIGHT_NAMES, "20200101000000Z", "20210101000000Z")
        self._self_signed("stranger", "localhost", f"subjectAltName={RIGHT_NAMES}")
        self._signed("client", f"email:{CLIENT_NAME}", "20200101000000Z", "20491231000000Z",
                     common_name=CLIENT_NAME, usage="clientAuth")
        self._self_signed("strange_client", CLIENT_NAME, f"subjectAltName=email:{CLIENT_NAME}")
        for kind in (*KINDS, *CLIENTS):
            self.key(kind).chmod(0o644 if readable_by_all else 0o600)
        return self

    def _openssl(self, *words):
        done = subprocess.run(["openssl", *map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"openssl {words[0]} failed\n{done.stdout}")

    def _self_signed(self, name, common_name, *extensions):
        added = [word for extension in extensions for word in ("-addext", extension)]
        self._openssl("req", "-x509", *KEY, "-days", 9000, "-subj", f"/CN={common_name}", *added,
                      "-keyout", self.key(name), "-out", self.certificate(name))

    def _signed(self, name, names, begin, end, *, common_name=None, usage="serverAuth"):
        request = self.folder / f"{name}.csr"
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName = {names}\nextendedKeyUsage = {usage}\n", encoding="utf-8")
        self._openssl("req", "-new", *KEY, "-subj", f"/CN={common_name or name}", "-keyout", self.key(name),
                      "-out", request)
        self._openssl("ca", "-batch", "-notext", "-config", self.folder / "ca.conf", "-keyfile", self.key("ca"),
                      "-cert", self.authority, "-in", request, "-out", self.certificate(name),
                      "-outdir", self.folder, "-startdate", begin, "-enddate", end, "-extfile", extensions)
