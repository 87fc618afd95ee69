"""Debian's servers, as checks meet them: each a program on the node, configured in a folder."""

import sys
from pathlib import Path
from typing import Sequence

from lab.network import Namespace
from lab.processes import Process, run
from lab.waiting import wait_until

ADDRESS = "127.0.0.1"
HTTP_PORT, HTTPS_PORT = 8080, 8443
SELF_SIGNED_PORT, EXPIRED_PORT = 8444, 8445
NSD_PORT, UNBOUND_PORT = 5300, 5301
NTP_PORT, LOST_NTP_PORT = 12300, 12301
HOST = "www.example.org"

NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; user root;
worker_processes 1;
events {{ worker_connections 1024; }}
http {{
  access_log {folder}/access.log combined;
  server {{
    listen {address}:{http}; listen [::1]:{http}; listen unix:{folder}/nginx.sock;
    location = /health {{ return 200 "all is healthy\\n"; }}
    location = /moved {{ return 301 /health; }}
    location = /broken {{ return 503; }}
    location = /secret {{ if ($http_authorization != "Bearer x") {{ return 401; }} return 204; }}
    location = /host {{ return 200 "asked for $http_host as $request_method"; }}
  }}
  server {{
    listen {address}:{https} ssl; listen [::1]:{https} ssl;
    ssl_certificate {folder}/good.pem; ssl_certificate_key {folder}/good.key;
    location = /health {{ return 200 "server name $ssl_server_name\\n"; }}
    location = /session {{ return 200 "session $ssl_session_reused\\n"; }}
  }}
  server {{
    listen {address}:{self_signed} ssl;
    ssl_certificate {folder}/self-signed.pem; ssl_certificate_key {folder}/self-signed.key;
  }}
  server {{
    listen {address}:{expired} ssl;
    ssl_certificate {folder}/expired.pem; ssl_certificate_key {folder}/expired.key;
  }}
}}
"""

NSD = """
server:
  ip-address: {address}@{port}
  username: ""
  zonesdir: "{folder}"
  database: ""
  pidfile: "{folder}/nsd.pid"
  xfrdfile: "{folder}/xfrd.state"
  zonelistfile: "{folder}/zone.list"
  identity: "node1"
  version: "9.9"
remote-control:
  control-enable: no
zone:
  name: example.org
  zonefile: "{folder}/example.org.zone"
"""

ZONE = """
$ORIGIN example.org.
$TTL 60
@    SOA ns hostmaster 1 3600 900 86400 60
     NS  ns
     MX  10 Mail
ns   A   192.0.2.1
mail A   192.0.2.3
www  CNAME web
web  A   192.0.2.2
     AAAA 2001:db8::2
"""

UNBOUND = """
server:
  interface: {address}@{port}
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: "{folder}/unbound.pid"
  use-syslog: no
  do-not-query-localhost: no
  module-config: "iterator"
  identity: "resolver1"
  cache-max-ttl: 0
  local-zone: "refused.example." refuse
stub-zone:
  name: "example.org"
  stub-addr: {address}@{nsd}
remote-control:
  control-enable: no
"""

CHRONY = """
bindaddress {address}
port {port}
cmdport 0
allow
pidfile {folder}/chrony-{port}.pid
{more}
"""


class Servers:
    """What runs on the node beside herald. Leaving the site ends it with the namespace."""

    def __init__(self, node: Namespace, folder: Path):
        self._node, self.folder = node, folder / "servers"
        self.folder.mkdir()
        self.authority = self.folder / "ca.pem"
        self.socket = self.folder / "nginx.sock"

    def nginx(self) -> Process:
        """A web server, plain and over TLS."""
        self._certificates()
        config = self._write("nginx.conf", NGINX.format(
            folder=self.folder, address=ADDRESS, http=HTTP_PORT, https=HTTPS_PORT,
            self_signed=SELF_SIGNED_PORT, expired=EXPIRED_PORT))
        process = self._start("nginx", ["/usr/sbin/nginx", "-c", config])
        self._await(HTTP_PORT)
        return process

    def nsd(self) -> Process:
        """An authoritative DNS server."""
        records = "".join(f'big  TXT "{number:03d}{"x" * 200}"\n' for number in range(10))
        self._write("example.org.zone", ZONE + records)
        config = self._write("nsd.conf", NSD.format(folder=self.folder, address=ADDRESS,
                                                    port=NSD_PORT))
        process = self._start("nsd", ["/usr/sbin/nsd", "-d", "-c", config])
        self._await(NSD_PORT)
        return process

    def unbound(self) -> Process:
        """A resolver that asks NSD for example.org."""
        config = self._write("unbound.conf", UNBOUND.format(
            folder=self.folder, address=ADDRESS, port=UNBOUND_PORT, nsd=NSD_PORT))
        process = self._start("unbound", ["/usr/sbin/unbound", "-d", "-c", config])
        self._await(UNBOUND_PORT)
        return process

    def chrony(self, port: int = NTP_PORT, more: str = "local stratum 3") -> Process:
        """An NTP server that takes its own clock for the right one, and does not set it."""
        config = self._write(f"chrony-{port}.conf", CHRONY.format(
            folder=self.folder, address=ADDRESS, port=port, more=more))
        return self._start(f"chrony-{port}", ["/usr/sbin/chronyd", "-d", "-x", "-u", "root",
                                              "-f", config])

    def bad(self, manners: Sequence[str]) -> Process:
        """Services that behave badly, "PORT:MANNER" each."""
        program = Path(__file__).with_name("bad_services.py")
        process = self._start("bad", [sys.executable, program, ADDRESS, *manners])
        wait_until("the bad services are ready", lambda: "ready" in process.output())
        return process

    def _start(self, name: str, words: list) -> Process:
        return self._node.start(words, self.folder / f"{name}.log")

    def _await(self, port: int) -> None:
        def accepts() -> bool:
            try:
                self._node.connect(ADDRESS, port).close()
            except ConnectionRefusedError:
                return False
            return True
        wait_until(f"port {port} is served", accepts)

    def _write(self, name: str, content: str) -> Path:
        path = self.folder / name
        path.write_text(content, encoding="utf-8")
        return path

    def _certificates(self) -> None:
        self._openssl("req", "-x509", "-subj", "/CN=lab authority", "-days", "2",
                      "-keyout", "ca.key", "-out", "ca.pem")
        self._openssl("req", "-x509", "-subj", f"/CN={HOST}", "-addext",
                      f"subjectAltName=DNS:{HOST}", "-days", "2",
                      "-keyout", "self-signed.key", "-out", "self-signed.pem")
        self._signed("good", 2)
        self._signed("expired", -1)

    def _signed(self, name: str, days: int) -> None:
        self._write("names.ext", f"subjectAltName=DNS:{HOST},IP:{ADDRESS}\n")
        self._openssl("req", "-subj", f"/CN={HOST}", "-keyout", f"{name}.key",
                      "-out", f"{name}.csr")
        run("openssl", "x509", "-req", "-in", self.folder / f"{name}.csr",
            "-CA", self.authority, "-CAkey", self.folder / "ca.key", "-CAcreateserial",
            "-days", days, "-extfile", self.folder / "names.ext",
            "-out", self.folder / f"{name}.pem")

    def _openssl(self, *words: object) -> None:
        files = [self.folder / word if str(word).endswith((".pem", ".key", ".csr")) else word
                 for word in words]
        run("openssl", *files[:1], "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", *files[1:])
