"""A small CNN on four ranks. With "gloo" for "optinc" it is any PyTorch job; nothing else differs."""

import optinc.torch  # noqa: F401 (registers the backend)
import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel


def train(rank, ranks):
    torch.set_num_threads(1)
    distributed.init_process_group("optinc", init_method="tcp://127.0.0.1:29500", rank=rank, world_size=ranks)
    torch.manual_seed(0)
    model = DistributedDataParallel(nn.Sequential(
        nn.Conv2d(1, 8, 3, stride=2), nn.ReLU(), nn.Conv2d(8, 16, 3, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(144, 4)))
    optimiser = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    torch.manual_seed(1 + rank)  # every rank has data of its own
    for step in range(100):
        labels = torch.randint(4, (32,))
        band = torch.eye(4)[labels].repeat_interleave(4, 1).view(-1, 1, 16, 1)  # which quarter is brighter
        images = torch.randn(32, 1, 16, 16) + 0.4 * band
        loss = nn.functional.cross_entropy(model(images), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if rank == 0 and step % 20 == 19:
            print(f"step {step + 1}: loss {loss.item():.4f}")


if __name__ == "__main__":
    torch.multiprocessing.spawn(train, (4,), nprocs=4)
