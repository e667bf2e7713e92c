"""What is measured: each leads the packets between the two LANs over the WAN in its own way."""

import os
import shutil
import time

from topology import GATEWAY, HOST, LAN, OUTER, SIDES, CommandFailure, other, run

# Inner addresses of those that want some of their own.
INNER = {"A": "10.99.0.1", "B": "10.99.0.2"}
SITES = {"A": "alpha", "B": "beta"}


def until(condition, what, seconds=20):
    """Looks until it is so: for what has no event to wait for."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise CommandFailure(f"not in {seconds} s: {what}")
        time.sleep(0.02)


def write(path, text, mode=0o600):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
        file.write(text)
    return path


class Contender:
    """`start` raises it in a topology; `folder` is its own, for configuration and logs. It ends with the topology."""

    name = ""
    cipher = ""
    # Programs that must be there.
    programs = ()
    # Measured only when it is named.
    is_extra = False

    def __init__(self, options):
        self.options = options

    def missing(self):
        return [program for program in self.programs if shutil.which(program) is None]

    def start(self, topology, folder):
        raise NotImplementedError

    @staticmethod
    def route(topology, device):
        for side in SIDES:
            topology.ip(f"gw{side}", "route", "add", LAN[other(side)], "dev", device)

    @staticmethod
    def has_link(topology, device):
        return all(f"{device}:" in topology.ip(f"gw{side}", "-o", "link") for side in SIDES)


class Plain(Contender):
    name = "plain routing"
    cipher = "none"

    def start(self, topology, folder):
        for side in SIDES:
            topology.ip(f"gw{side}", "route", "add", LAN[other(side)], "via", OUTER[other(side)])


class Warren(Contender):
    """Two `warren-tunneld` that negotiate by IKE, set up from a plan by the embedded driver, as an agent does it."""

    name = "warren"
    cipher = "AES-256-GCM"
    # Of warren-tunneld, behind those of the driver: of one that is there twice, the last counts.
    arguments = ()

    def start(self, topology, folder):
        inventory = ["version: 1", "mesh: bench", "sites:"]
        for side in SIDES:
            inventory.append(f"  {SITES[side]}:")
            inventory.append(f"    gateway: {{public: {OUTER[side]}, private: {GATEWAY[side]}}}")
            inventory.append(f"    networks: [{LAN[side]}]")
        path = write(f"{folder}/bench.yaml", "\n".join(inventory) + "\n")
        secret = write(f"{folder}/secret", os.urandom(32).hex() + "\n")
        control = f"{self.options.programs}/tunnel-control"
        run(control, "plan", path, folder)
        daemon = f"{self.options.programs}/warren-tunneld"
        words = " ".join(self.arguments)
        daemon = write(f"{folder}/warren-tunneld", f'#!/bin/sh\nexec {daemon} "$@" {words}\n', 0o755)
        for side in SIDES:
            os.mkdir(f"{folder}/{side}", 0o700)
            plan = f"{folder}/plan-{SITES[side]}.json"
            topology.run(f"gw{side}", control, "up", f"{folder}/{side}/control", plan, secret, daemon)


class WarrenBoringSSL(Warren):
    """As it is on a gateway where IPSec_MB is not installed."""

    name = "warren, boringssl"
    arguments = ("--ciphers", "boringssl")


class WarrenLibcrypto(Warren):
    name = "warren, libcrypto"
    arguments = ("--ciphers", "libcrypto")
    is_extra = True


class WarrenQueues(Warren):
    """Two packet threads on each gateway: for machines with processors to spare."""

    name = "warren, 2 queues"
    arguments = ("--queues", "2")
    is_extra = True


class WireGuard(Contender):
    name = "wireguard-go"
    cipher = "ChaCha20-Poly1305"
    programs = ("wireguard-go", "wg")

    def start(self, topology, folder):
        keys = {side: run("wg", "genkey").strip() for side in SIDES}
        public = {side: run("wg", "pubkey", input=keys[side]).strip() for side in SIDES}
        for side in SIDES:
            gateway, device = f"gw{side}", f"{topology.tag}wg{side}"
            environment = dict(os.environ, WG_PROCESS_FOREGROUND="1", LOG_LEVEL="error")
            topology.start(gateway, "wireguard-go", "-f", device, log=f"{folder}/{side}.log", env=environment)
            until(lambda: os.path.exists(f"/var/run/wireguard/{device}.sock"), "wireguard-go's socket")
            topology.run(
                gateway, "wg", "set", device, "listen-port", "51820",
                "private-key", write(f"{folder}/{side}.key", keys[side]),
                "peer", public[other(side)], "allowed-ips", "10.0.0.0/8", "endpoint", f"{OUTER[other(side)]}:51820",
            )
            topology.ip(gateway, "link", "set", device, "mtu", "1420", "up")
            topology.ip(gateway, "route", "add", LAN[other(side)], "dev", device)


class OpenVPN(Contender):
    name = "openvpn"
    cipher = "AES-256-GCM"
    programs = ("openvpn", "openssl")

    def start(self, topology, folder):
        prints = {}
        for side in SIDES:
            certificate = f"{folder}/{side}.crt"
            run(
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-keyout", f"{folder}/{side}.key", "-out", certificate, "-days", "30", "-subj", f"/CN={side}",
            )
            text = run("openssl", "x509", "-in", certificate, "-noout", "-fingerprint", "-sha256")
            prints[side] = text.strip().split("=")[1]
        for side in SIDES:
            role = ("--tls-server", "--dh", "none") if side == "A" else ("--tls-client",)
            topology.start(
                f"gw{side}", "openvpn", "--dev", "tunov", "--dev-type", "tun", "--proto", "udp", "--port", "1194",
                "--local", OUTER[side], "--remote", OUTER[other(side)], "--ifconfig", INNER[side], INNER[other(side)],
                "--cert", f"{folder}/{side}.crt", "--key", f"{folder}/{side}.key",
                "--peer-fingerprint", prints[other(side)], "--data-ciphers", "AES-256-GCM", "--disable-dco",
                "--allow-compression", "no", "--verb", "3", *role, log=f"{folder}/{side}.log",
            )
        for side in SIDES:
            log = f"{folder}/{side}.log"
            until(lambda: "Initialization Sequence Completed" in open(log).read(), "openvpn's handshake")
        self.route(topology, "tunov")


class StrongSwan(Contender):
    name = "strongswan libipsec"
    cipher = "AES-256-GCM"
    programs = ("/usr/sbin/charon-systemd", "swanctl")

    def start(self, topology, folder):
        for side in SIDES:
            gateway, socket = f"gw{side}", f"unix://{folder}/{side}.vici"
            settings = write(f"{folder}/{side}.conf", self._settings(socket, f"{folder}/{side}.charon"))
            connection = write(f"{folder}/{side}.swanctl", self._connection(side))
            # Each its own /run, for the process's files there.
            topology.start(
                gateway, "unshare", "-m", "sh", "-c", "mount -t tmpfs none /run && exec /usr/sbin/charon-systemd",
                log=f"{folder}/{side}.log", env=dict(os.environ, STRONGSWAN_CONF=settings),
            )
            until(lambda: os.path.exists(f"{folder}/{side}.vici"), "charon's socket")
            topology.run(gateway, "swanctl", "--load-all", "--file", connection, "--uri", socket)
        topology.run("gwA", "swanctl", "--initiate", "--child", "net", "--uri", f"unix://{folder}/A.vici", "--timeout", "20")

    @staticmethod
    def _settings(socket, log):
        return f"""
charon-systemd {{
  load = openssl random nonce hmac kdf kernel-libipsec kernel-netlink socket-default vici
  install_routes = yes
  plugins {{
    vici {{ socket = {socket} }}
    kernel-netlink {{ fwmark = !0x42 }}
    socket-default {{ fwmark = 0x42 }}
    kernel-libipsec {{ allow_peer_ts = yes }}
  }}
  filelog {{ all {{ path = {log} }} }}
}}
swanctl {{ socket = {socket} }}
"""

    @staticmethod
    def _connection(side):
        return f"""
connections {{ bench {{
  version = 2
  local_addrs = {OUTER[side]}
  remote_addrs = {OUTER[other(side)]}
  encap = yes
  mobike = no
  proposals = aes256gcm16-prfsha384-ecp256
  local {{
    auth = psk
    id = {OUTER[side]}
  }}
  remote {{
    auth = psk
    id = {OUTER[other(side)]}
  }}
  children {{ net {{
    local_ts = {LAN[side]}
    remote_ts = {LAN[other(side)]}
    mode = tunnel
    esp_proposals = aes256gcm16
  }} }}
}} }}
secrets {{ ike-bench {{
  id-1 = {OUTER["A"]}
  id-2 = {OUTER["B"]}
  secret = "for two namespaces that live for seconds"
}} }}
"""


CONTENDERS = (Plain, Warren, WarrenBoringSSL, WarrenLibcrypto, WarrenQueues, StrongSwan, OpenVPN, WireGuard)


def connect(topology):
    """Waits until a packet goes from host to host."""
    until(
        lambda: "1 received" in topology.run("hostA", "ping", "-c1", "-W1", HOST["B"], check=False),
        "a ping from host to host",
    )
