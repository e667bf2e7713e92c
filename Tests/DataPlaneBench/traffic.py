"""What is sent from host to host, and what it cost."""

import json
import os
import re
import subprocess

from topology import HOST, CommandFailure

# Payloads of datagrams: 64 bytes, and what makes an IP packet of 1,400.
SMALL = 64
LARGE = 1400 - 28
# Of a hundred datagrams, as many may be lost at a rate that counts as carried.
TOLERATED_LOSS = 0.01
TRIAL_SECONDS = 0.5


class Expense:
    """Processor seconds between `with` and its end: of the processes on both gateways, and of the whole machine."""

    def __init__(self, topology):
        self.topology = topology

    def __enter__(self):
        self.gateways, self.machine = self._gateways(), self._machine()
        return self

    def __exit__(self, *_):
        self.gateways = self._gateways() - self.gateways
        self.machine = self._machine() - self.machine

    def _gateways(self):
        total = 0
        for pid in self.topology.pids("gwA") + self.topology.pids("gwB"):
            try:
                # Nanoseconds on a processor, thread by thread.
                total += sum(int(open(path).read().split()[0]) for path in tasks(pid))
            except OSError:
                pass
        return total / 1e9

    @staticmethod
    def _machine():
        # In hundredths: user, nice, system, idle, iowait, irq, softirq.
        words = [int(word) for word in open("/proc/stat").readline().split()[1:8]]
        return (sum(words) - words[3] - words[4]) / 100


def tasks(pid):
    return [f"/proc/{pid}/task/{task}/schedstat" for task in os.listdir(f"/proc/{pid}/task")]


def tcp(topology, seconds, streams=1, both_ways=False):
    """TCP from host A to host B, and back in the same time with `both_ways`; rates in Gbit/s."""
    server = topology.start("hostB", "iperf3", "-s", "-1", "--forceflush", stdout=subprocess.PIPE, text=True)
    for line in server.stdout:
        if "listening" in line:
            break
    arguments = ["iperf3", "-c", HOST["B"], "-t", str(seconds), "-J", "-C", "cubic", "-P", str(streams)]
    if both_ways:
        arguments.append("--bidir")
    with Expense(topology) as expense:
        text = topology.run("hostA", *arguments, check=False, timeout=seconds + 30)
    server.terminate()
    server.wait()
    end = json.loads(text[text.index("{"):]).get("end", {})
    if "sum_received" not in end:
        raise CommandFailure(f"iperf3: {text[-500:]}")
    sums = [end["sum_received"]] + ([end["sum_received_bidir_reverse"]] if both_ways else [])
    gigabytes = sum(part["bytes"] for part in sums) / 1e9
    return {
        "gbps": sum(part["bits_per_second"] for part in sums) / 1e9,
        "gateway_seconds_per_gb": expense.gateways / gigabytes,
        "machine_seconds_per_gb": expense.machine / gigabytes,
    }


class Datagrams:
    """Searches for the highest rate of datagrams of one size of which all but a hundredth arrive."""

    def __init__(self, topology, program, length):
        self.topology = topology
        self.program = program
        self.length = length

    def _trial(self, per_second):
        """Datagrams a second that were sent and that arrived."""
        counter = self.topology.start(
            "hostB", self.program, "count", HOST["B"], "5555",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        counter.stdout.readline()
        sent = self.topology.run(
            "hostA", self.program, "send", HOST["B"], "5555", str(self.length), str(per_second), str(TRIAL_SECONDS)
        )
        received = int(counter.communicate()[0])
        return int(sent) / TRIAL_SECONDS, received / TRIAL_SECONDS

    def search(self, precision=1.05):
        """Doubles the rate until it is too high, then halves the interval in ratio."""
        low, high, best, rate = 0.0, None, 0.0, 20_000.0
        while high is None or high / max(low, 1) > precision:
            sent, received = self._trial(rate)
            # A sender that does not reach the rate has no processor left: that is a limit as well.
            if received >= sent * (1 - TOLERATED_LOSS) and sent >= rate * 0.95:
                low, best = rate, max(best, received)
                rate = rate * 2 if high is None else (low * high) ** 0.5
            else:
                high = rate
                rate = (low * high) ** 0.5 if low > 0 else rate / 2
                if high < 100:
                    break
        return {"per_second": best}


def round_trips(topology, count=1000):
    """Echoes two milliseconds apart; times in milliseconds."""
    text = topology.run("hostA", "ping", "-q", "-i", "0.002", "-c", str(count), HOST["B"], check=False)
    found = re.search(r"= ([\d.]+)/([\d.]+)/", text)
    if found is None:
        raise CommandFailure(f"ping: {text[-500:]}")
    return {"minimum_ms": float(found[1]), "mean_ms": float(found[2])}


# Name, and what it does with a topology, seconds and the program that streams datagrams.
MEASUREMENTS = {
    "tcp1": lambda topology, seconds, program: tcp(topology, seconds),
    "tcp4": lambda topology, seconds, program: tcp(topology, seconds, streams=4),
    "tcp2way": lambda topology, seconds, program: tcp(topology, seconds, both_ways=True),
    "udp64": lambda topology, seconds, program: Datagrams(topology, program, SMALL).search(),
    "udp1400": lambda topology, seconds, program: Datagrams(topology, program, LARGE).search(),
    "rtt": lambda topology, seconds, program: round_trips(topology),
}
