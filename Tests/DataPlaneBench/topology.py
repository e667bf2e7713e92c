"""hostA - gwA - gwB - hostB in network namespaces of their own, joined by veth pairs of MTU 1,500.

The shapes: `nic` has a WAN like a network card without segmentation offload (each packet crosses it singly, the receiver joins
what it can), while the LAN passes super-packets; in `packets` every link is like that WAN.
"""

import os
import subprocess

SHAPES = ("nic", "packets")
OUTER = {"A": "203.0.113.1", "B": "203.0.113.2"}
LAN = {"A": "10.1.0.0/24", "B": "10.2.0.0/24"}
GATEWAY = {"A": "10.1.0.1", "B": "10.2.0.1"}
HOST = {"A": "10.1.0.2", "B": "10.2.0.2"}
SIDES = ("A", "B")


def other(side):
    return "B" if side == "A" else "A"


class CommandFailure(Exception):
    pass


def run(*arguments, check=True, **options):
    """Runs a program to its end and returns what it printed."""
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if check and done.returncode != 0:
        raise CommandFailure(f"{' '.join(arguments)}: {done.stdout[-2000:]}")
    return done.stdout


class Topology:
    """Exists between `with` and its end; whatever still runs in its namespaces is ended with it."""

    def __init__(self, shape):
        self.shape = shape
        self.tag = f"wb{os.getpid():x}"
        self.processes = []

    def __enter__(self):
        try:
            self._raise()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for node in self.nodes:
            for pid in self.pids(node):
                try:
                    os.kill(pid, 9)
                except ProcessLookupError:
                    pass
            run("ip", "netns", "delete", self.namespace(node), check=False)

    nodes = ("hostA", "gwA", "gwB", "hostB")

    def namespace(self, node):
        return f"{self.tag}-{node}"

    def inside(self, node, *arguments):
        return ("ip", "netns", "exec", self.namespace(node), *arguments)

    def run(self, node, *arguments, **options):
        return run(*self.inside(node, *arguments), **options)

    def ip(self, node, *arguments, **options):
        return run("ip", "-n", self.namespace(node), *arguments, **options)

    def start(self, node, *arguments, log=None, **options):
        """A process that lasts, at most until the topology goes."""
        if log is not None:
            with open(log, "ab") as file:
                options.update(stdout=file, stderr=file)
                return self._keep(node, arguments, options)
        return self._keep(node, arguments, options)

    def _keep(self, node, arguments, options):
        options.setdefault("stdin", subprocess.DEVNULL)
        process = subprocess.Popen(self.inside(node, *arguments), **options)
        self.processes.append(process)
        return process

    def pids(self, node):
        """Every process in a namespace."""
        text = run("ip", "netns", "pids", self.namespace(node), check=False)
        return [int(word) for word in text.split() if word.isdigit()]

    def _raise(self):
        for node in self.nodes:
            run("ip", "netns", "add", self.namespace(node))
            self.ip(node, "link", "set", "lo", "up")
        self._join("gwA", "wan", "gwB", "wan", is_wan=True)
        for side in SIDES:
            self._join(f"host{side}", "eth", f"gw{side}", "lan", is_wan=False)
            length = LAN[side].split("/")[1]
            self.ip(f"host{side}", "address", "add", f"{HOST[side]}/{length}", "dev", "eth")
            self.ip(f"gw{side}", "address", "add", f"{GATEWAY[side]}/{length}", "dev", "lan")
            self.ip(f"gw{side}", "address", "add", f"{OUTER[side]}/24", "dev", "wan")
        for side in SIDES:
            gateway = f"gw{side}"
            settings = ["net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0"]
            self.run(gateway, "sysctl", "-qw", *settings)
            for node, device in ((f"host{side}", "eth"), (gateway, "lan"), (gateway, "wan")):
                self.ip(node, "link", "set", device, "mtu", "1500", "up")
            self.ip(f"host{side}", "route", "add", "default", "via", GATEWAY[side])

    def _join(self, first, first_device, second, second_device, is_wan):
        run(
            "ip", "link", "add", first_device, "netns", self.namespace(first), "type", "veth",
            "peer", "name", second_device, "netns", self.namespace(second),
        )
        whole = self.shape == "nic" and not is_wan
        sending = "on" if whole else "off"
        joining = "off" if whole else "on"
        for node, device in ((first, first_device), (second, second_device)):
            features = ("tso", sending, "gso", sending, "tx-udp-segmentation", sending, "gro", joining)
            self.run(node, "ethtool", "-K", device, *features)
