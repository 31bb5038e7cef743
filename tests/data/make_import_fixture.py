#!/usr/bin/python3
"""Makes tests/data/import_state_dict.pt with PyTorch itself (Debian's python3-torch; 1.13 made the committed file).

    tests/data/make_import_fixture.py

A network 3-5-2 as a user has it: nn.Sequential, float32, numbers that are known: weight k of a layer is (k - 3) / 8, bias k is
k / 4. The first weight is stored column by column, so that strides matter.
"""

from collections import OrderedDict
from pathlib import Path

import torch


def counted(*shape):
    count = 1
    for size in shape:
        count *= size
    return (torch.arange(count, dtype=torch.float32) - 3).reshape(shape) / 8


model = torch.nn.Sequential(OrderedDict(inner=torch.nn.Linear(3, 5), relu=torch.nn.ReLU(), final=torch.nn.Linear(5, 2)))
state = model.state_dict()
state["inner.weight"] = counted(5, 3).t().contiguous().t()
state["inner.bias"] = torch.arange(5) / 4
state["final.weight"] = counted(2, 5)
state["final.bias"] = torch.arange(2) / 4
torch.save(state, Path(__file__).resolve().parent / "import_state_dict.pt")
