#!/usr/bin/env python3
"""Holds the cost model to SimGrid: the same all-reduce, message by message, on a simulated network.

    simgrid_check.py OPTINC PLAY_GOAL FOLDER [--hosts 4,16,64,256] [--bytes 102228128] [--records FILE.jsonl]

Every algorithm of `optinc schedule` is played as it is exported; beside ring and Rabenseifner SimGrid's own MPI_Allreduce by
the same algorithm runs, whose messages are not ours. Hosts have 800 GB/s each way and 0.5 us to the middle of the network.
Prints a table; exits with 1 where closed form and simulation differ by more than 2 %, of the double tree by more than 10 %: in the
model a port sends first what came first, in SimGrid messages at a port share its rate and end together, so that each round waits for
a latency.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

GIGABYTES_PER_S = 800
LATENCY_US = 1  # from host to host
TOLERANCE = {"double-tree": 0.1}

# Name, flags of `optinc schedule`, SimGrid's algorithm of the same kind. One piece of optinc: SimGrid knows no stream that
# comes in while it goes out, so that pieces would each wait for a latency.
ALGORITHMS = [
    ("ring", [], "lr"),
    ("rabenseifner", [], "rab"),
    ("double-tree", ["--pieces", "16", "--in-flight", "1"], None),
    ("switch", [], None),
    ("optinc", ["--pieces", "1"], None),
]
# SimGrid's Rabenseifner copies the tensor at every host, though nothing is added up: no more than this in all.
OWN_BYTES = 2e9


def platform(hosts):
    """Hosts around a router, each with a link whose directions do not disturb each other."""
    lines = [
        "<?xml version='1.0'?>",
        '<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">',
        f'<platform version="4.1"><cluster id="servers" prefix="server" suffix="" radical="0-{hosts - 1}" speed="1Gf" '
        f'bw="{GIGABYTES_PER_S}GBps" lat="{LATENCY_US / 2}us" sharing_policy="SPLITDUPLEX"/></platform>',
    ]
    return "\n".join(lines) + "\n"


class Simulator:
    def __init__(self, player, folder):
        self.player, self.folder = player, folder

    def seconds(self, hosts, arguments, algorithm=None):
        (self.folder / "platform.xml").write_text(platform(hosts))
        (self.folder / "hosts.txt").write_text("".join(f"server{i}\n" for i in range(hosts)))
        command = [
            "smpirun", "-np", str(hosts), "-platform", "platform.xml", "-hostfile", "hosts.txt",
            # A clean fabric: latencies and bandwidths as they are, no measured time of this machine in them.
            "--cfg=network/model:CM02", "--cfg=network/crosstraffic:0", "--cfg=network/TCP-gamma:0",
            "--cfg=smpi/simulate-computation:no", "--log=root.thresh:error",
        ]
        if algorithm:
            command.append(f"--cfg=smpi/allreduce:{algorithm}")
        ran = subprocess.run(command + [self.player, *arguments], cwd=self.folder, capture_output=True, text=True)
        lines = [line for line in ran.stdout.splitlines() if line.startswith("simulated ")]
        if ran.returncode != 0 or len(lines) != 1:
            sys.exit(f"simgrid_check: {' '.join(arguments)} on {hosts} hosts: exit code {ran.returncode}\n{ran.stdout}{ran.stderr}")
        return float(lines[0].split()[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("optinc", type=Path)
    parser.add_argument("player", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--hosts", default="4,6,16,64,256")
    parser.add_argument("--bytes", type=int, default=4 * 25_557_032)  # ResNet50's gradients
    parser.add_argument("--records", type=Path)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    simulator = Simulator(str(options.player.resolve()), options.folder.resolve())
    rows, failed = [], 0
    print(f"all-reduce of {options.bytes:,} bytes, {GIGABYTES_PER_S} GB/s a host and direction, {LATENCY_US} us from host to host; us")
    print(f"{'hosts':>6} {'algorithm':<13} {'closed form':>12} {'played':>12} {'difference':>11} {'own of SimGrid':>15} {'ran for':>9}")
    for hosts in [int(text) for text in options.hosts.split(",")]:
        for algorithm, flags, own in ALGORITHMS:
            begun = time.monotonic()
            exported = subprocess.run(
                [options.optinc, "schedule", algorithm, "--servers", str(hosts), "--bytes", str(options.bytes), *flags,
                 "--gigabytes-per-s", str(GIGABYTES_PER_S), "--latency-us", str(LATENCY_US),
                 "--output", options.folder / "schedule.goal", "--json"],
                check=True, capture_output=True, text=True)  # fmt: skip
            modelled = json.loads(exported.stdout)["modelled_seconds"]
            simulated = simulator.seconds(hosts, ["schedule.goal"])
            fits = own != "rab" or hosts * options.bytes <= OWN_BYTES
            own_seconds = simulator.seconds(hosts, ["--own", str(options.bytes)], own) if own and fits else None
            difference = modelled / simulated - 1
            failed += abs(difference) > TOLERANCE.get(algorithm, 0.02)
            rows.append({"hosts": hosts, "algorithm": algorithm, "modelled_s": modelled, "simulated_s": simulated,
                         "difference": difference, "own_of_simgrid_s": own_seconds})  # fmt: skip
            print(
                f"{hosts:>6} {algorithm:<13} {modelled * 1e6:>12.2f} {simulated * 1e6:>12.2f} {100 * difference:>+9.2f} % "
                f"{f'{own_seconds * 1e6:.2f} {own}' if own_seconds else '':>15} {time.monotonic() - begun:>7.1f} s",
                flush=True,
            )
    if options.records:
        version = subprocess.run([options.optinc, "--version"], check=True, capture_output=True, text=True).stdout.strip()
        run = {"type": "run", "command": "simgrid", "version": version,
               "config": {"bytes": options.bytes, "gigabytes_per_s": GIGABYTES_PER_S, "latency_us": LATENCY_US}}  # fmt: skip
        records = [run] + [{"type": "simgrid", **row} for row in rows]
        options.records.write_text("".join(json.dumps(record) + "\n" for record in records))
    if failed:
        sys.exit(f"simgrid_check: {failed} of {len(rows)} differ by more than they may")


if __name__ == "__main__":
    main()
