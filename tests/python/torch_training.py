"""A small training, for the tests of optinc.torch."""

import hashlib

import torch
from torch.nn.parallel import DistributedDataParallel


def model(seed=0):
    torch.manual_seed(seed)
    return torch.nn.Sequential(
        torch.nn.Linear(64, 1024), torch.nn.ReLU(), torch.nn.Linear(1024, 256), torch.nn.ReLU(), torch.nn.Linear(256, 10)
    )


def wrapped(network, hook=None, state=None):
    """In two buckets (DDP's first has 1 MiB), of which one is averaged while the other is still computed."""
    ddp = DistributedDataParallel(network, bucket_cap_mb=0.1)
    if hook:
        ddp.register_comm_hook(state, hook)
    return ddp


def train(rank, ddp, steps, before_step=lambda step: None, size=4):
    """`steps` steps on labels that are a fixed function of the inputs; losses."""
    optimiser = torch.optim.SGD(ddp.parameters(), lr=0.1)
    teacher = model(seed=99)
    losses = []
    for step in range(steps):
        generator = torch.Generator().manual_seed(size * step + rank)
        inputs = torch.randn(32, 64, generator=generator)
        before_step(step)
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(ddp(inputs), teacher(inputs).argmax(1))
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


def fingerprint(ddp):
    weights = b"".join(parameter.detach().numpy().tobytes() for parameter in ddp.parameters())
    return hashlib.sha256(weights).hexdigest()
