#!/usr/bin/env python3
"""The same training twice, by the backends "optinc" and "gloo": four processes, DistributedDataParallel, the same seeds.

    PYTHONPATH=build/python python3 examples/pytorch/compare.py [--steps 100] [--json FILE] [--stochastic] [--error-feedback]

Prints the loss of all ranks every ten steps, checks that the weights are the same bits on all ranks at the end, and prints
their hash. The digits are drawn and noisy: nothing is downloaded. The last test is on 2,000 digits that nobody trained on.
"""

import argparse
import hashlib
import json
import sys
import tempfile
import time
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

import optinc.torch

# 3 x 5 dots a digit, a hexadecimal number a row.
DIGITS = "75557 26227 71747 71717 55711 74717 74757 71111 75757 75717".split()


def draw(count, generator):
    """Digits of 12 x 20 dots somewhere on 28 x 28, with noise: images [count, 1, 28, 28], labels [count]."""
    labels = torch.randint(10, (count,), generator=generator)
    images = 0.5 * torch.randn(count, 1, 28, 28, generator=generator)
    rows = torch.tensor([[[int(row, 16) >> (2 - x) & 1 for x in range(3)] for row in digit] for digit in DIGITS]).float()
    large = rows.repeat_interleave(4, 1).repeat_interleave(4, 2)
    tops, lefts = (torch.randint(most + 1, (count,), generator=generator) for most in (8, 16))
    for image, label, top, left in zip(images, labels, tops, lefts):
        image[0, top : top + 20, left : left + 12] += large[label]
    return images, labels


def train(rank, ranks, backend, port, options, steps, folder):
    torch.set_num_threads(1)
    optinc.torch.configure(**options)
    store = dist.TCPStore("127.0.0.1", port, is_master=False)
    dist.init_process_group(backend, store=store, rank=rank, world_size=ranks)
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(1, 16, 5, stride=2), nn.ReLU(), nn.Conv2d(16, 32, 5, stride=2), nn.ReLU(),
        nn.Flatten(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10),
    )  # fmt: skip
    model = DistributedDataParallel(network)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.002)
    generator = torch.Generator().manual_seed(1 + rank)
    losses = []
    start = time.monotonic()
    for _ in range(steps):
        images, labels = draw(32, generator)
        loss = nn.functional.cross_entropy(model(images), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    seconds = time.monotonic() - start
    images, labels = draw(2000, torch.Generator().manual_seed(1000))
    with torch.no_grad():
        right = (network(images).argmax(1) == labels).float().mean().item()
    weights = b"".join(parameter.detach().numpy().tobytes() for parameter in network.parameters())
    told = {"losses": losses, "right": right, "seconds": seconds, "hash": hashlib.sha256(weights).hexdigest()}
    if backend == "optinc":
        told["stats"] = optinc.torch.last_stats()
    Path(folder, f"{rank}.json").write_text(json.dumps(told))


def run(backend, ranks, options, steps):
    """[rank]: what it has to tell."""
    store = dist.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(train, (ranks, backend, store.port, options, steps, folder), nprocs=ranks)
        return [json.loads(Path(folder, f"{rank}.json").read_text()) for rank in range(ranks)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--ranks", type=int, default=4)
    parser.add_argument("--json", metavar="FILE", help="where to write all of it")
    parser.add_argument("--stochastic", action="store_true")
    parser.add_argument("--error-feedback", action="store_true")
    arguments = parser.parse_args()
    options = {"stochastic": arguments.stochastic, "error_feedback": arguments.error_feedback}

    told = {name: run(name, arguments.ranks, options, arguments.steps) for name in ("optinc", "gloo")}
    losses = {
        name: [sum(values) / len(ranks) for values in zip(*(rank["losses"] for rank in ranks))]
        for name, ranks in told.items()
    }
    print("  step   optinc     gloo")
    for step in range(9, arguments.steps, 10):
        print(f"{step + 1:6} {losses['optinc'][step]:8.4f} {losses['gloo'][step]:8.4f}")
    same = True
    for name, ranks in told.items():
        hashes = {rank["hash"] for rank in ranks}
        same = same and len(hashes) == 1
        ranks_say = "the same weights on all ranks" if len(hashes) == 1 else "WEIGHTS DIFFER BETWEEN RANKS"
        print(f"{name:6}: {ranks_say}, sha256 {min(hashes)[:16]}; {ranks[0]['right']:.1%} of new digits right; "
              f"{ranks[0]['seconds']:.1f} s")  # fmt: skip
    stats = told["optinc"][0]["stats"]
    print(f"optinc: {stats['calls']} all-reduces, {stats['payload_bytes']:,} bytes of gradients; a port sends "
          f"{stats['wire_bytes']:,} bytes, {stats['wire_bytes'] / stats['payload_bytes']:.3f} a byte")  # fmt: skip
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump({"steps": arguments.steps, "options": options, "losses": losses, "ranks": told}, file, indent=1)
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
