import unittest

import numpy as np
import torch
import torch.distributed as dist

import optinc
import optinc.torch
from common import DESIGNS
from torch_ranks import run_ranks, values

RANKS = 4
DTYPES = (torch.float32, torch.float16, torch.bfloat16)
OPS = {"sum": dist.ReduceOp.SUM, "avg": dist.ReduceOp.AVG}


def gradient(rank, count, dtype=torch.float32, seed=0):
    generator = torch.Generator().manual_seed(1000 * seed + rank)
    return torch.randn(count, generator=generator).to(dtype)


def error_of(action):
    try:
        action()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "no error"


def reduced(tensor, op=dist.ReduceOp.AVG, group=None):
    dist.all_reduce(tensor, op=op, group=group)
    return tensor


# What every rank does; the tests look at what came out.


def reduce_all(rank):
    seen = {}
    for dtype in DTYPES:
        for name, op in OPS.items():
            seen[name, dtype] = reduced(gradient(rank, 1000, dtype), op)
    seen["stats"] = optinc.torch.last_stats()

    seen["turned"] = reduced(gradient(rank, 1200).view(30, 40).t())
    seen["every other"] = reduced(gradient(rank, 2400)[::2])
    storage = gradient(rank, 2400)
    seen["every other"], seen["between"] = reduced(storage[::2]), storage[1::2]
    seen["channels last"] = reduced(gradient(rank, 1200).view(2, 6, 10, 10).contiguous(memory_format=torch.channels_last))
    seen["empty"] = reduced(torch.empty(0, 5))
    seen["one"] = reduced(torch.tensor(float(rank)))
    leaf = gradient(rank, 100).requires_grad_()
    seen["leaf"] = reduced(leaf).detach()

    tensor = gradient(rank, 1000)
    if rank == 2:
        tensor[300] = float("nan")
        tensor[900] = float("inf")
    seen["nan"] = reduced(tensor)
    seen["nan stats"] = optinc.torch.last_stats()["last"]

    tensors = [gradient(rank, 5000, seed=i) for i in range(20)]
    works = [dist.all_reduce(tensor, async_op=True) for tensor in tensors]
    for work in reversed(works):
        work.wait()
    seen["async"] = tensors
    seen["async completed"] = [work.is_completed() for work in works]
    work = dist.all_reduce(gradient(rank, 100), async_op=True)
    seen["future"] = work.get_future().then(lambda done: [tensor + 1 for tensor in done.value()]).wait()

    seen["coalesced"] = [gradient(rank, 300), gradient(rank, 70, seed=1)]
    dist.all_reduce_coalesced(seen["coalesced"])
    seen["refused"] = [
        error_of(lambda: dist.group.WORLD.allreduce([torch.ones(2), torch.ones(3)])),
        error_of(lambda: dist.all_reduce(torch.zeros(1).expand(5))),
        error_of(lambda: dist.all_reduce(torch.zeros(5, dtype=torch.float64), op=dist.ReduceOp.AVG)),
    ]
    seen["after"] = reduced(torch.ones(3))
    return seen


def use_gloo(rank):
    seen = {"backend": dist.get_backend()}
    doubles = gradient(rank, 50, torch.float64)
    seen["double"] = reduced(doubles, dist.ReduceOp.SUM)
    seen["max"] = reduced(gradient(rank, 50), dist.ReduceOp.MAX)
    seen["int"] = reduced(torch.tensor([rank, 1]), dist.ReduceOp.SUM)
    seen["bfloat16 max"] = error_of(lambda: reduced(gradient(rank, 5, torch.bfloat16), dist.ReduceOp.MAX))
    seen["broadcast"] = gradient(rank, 50)
    dist.broadcast(seen["broadcast"], src=1)
    seen["all_gather"] = [torch.empty(7) for _ in range(RANKS)]
    dist.all_gather(seen["all_gather"], gradient(rank, 7))
    seen["gather"] = [torch.empty(7) for _ in range(RANKS)] if rank == 3 else None
    dist.gather(gradient(rank, 7), seen["gather"], dst=3)
    seen["scatter"] = torch.empty(7)
    dist.scatter(seen["scatter"], [gradient(other, 7) for other in range(RANKS)] if rank == 0 else None, src=0)
    seen["objects"] = [None] * RANKS
    dist.all_gather_object(seen["objects"], {"rank": rank})
    if rank == 0:
        dist.send(gradient(0, 9), dst=1)
    if rank == 1:
        seen["received"] = torch.empty(9)
        dist.recv(seen["received"], src=0)
    dist.barrier()
    return seen


def use_groups(rank):
    """Two halves, and the whole, at once."""
    halves = [dist.new_group([0, 1]), dist.new_group([2, 3])]
    own = halves[rank // 2]
    works, whole, half = [], [], []
    for step in range(10):
        whole.append(gradient(rank, 2000, seed=step))
        half.append(gradient(rank, 3000, seed=100 + step))
        works.append(dist.all_reduce(whole[-1], async_op=True))
        works.append(dist.all_reduce(half[-1], group=own, async_op=True))
    for work in works:
        work.wait()
    seen = {"whole": whole, "half": half, "half stats": optinc.torch.last_stats(own)}
    dist.destroy_process_group(own)
    dist.barrier()
    return seen


def draw(rank, seed):
    return [reduced(gradient(rank, 1000, seed=step), dist.ReduceOp.AVG) for step in range(3)]


def oracle(tensors, op="avg", fabric=None, **options):
    """By the codec and the fabric, in NumPy's hands."""
    fabric = fabric or optinc.Fabric(optinc.load_design(DESIGNS / "b8-n4-nearest.safetensors"))
    arrays = [tensor.float().numpy() for tensor in tensors]
    scales = np.max([optinc.local_scales(array) for array in arrays], axis=0)
    codes = [optinc.quantise(array, scales=scales)[0] for array in arrays]
    average = optinc.dequantise(fabric.average(codes), scales, gain=fabric.ports / len(tensors))
    result = average * np.float32(len(tensors)) if op == "sum" else average
    return torch.from_numpy(result).to(tensors[0].dtype)


class TorchCase(unittest.TestCase):
    def same(self, tensor, expected):
        self.assertEqual(tensor.dtype, expected.dtype)
        torch.testing.assert_close(tensor, expected, rtol=0, atol=0, equal_nan=True)

    def same_at_all(self, key, expected):
        for seen in self.seen:
            self.same(seen[key], expected)


class ThroughTheOptics(TorchCase):
    @classmethod
    def setUpClass(cls):
        cls.seen = values(run_ranks(RANKS, reduce_all))

    def gradients(self, count, dtype=torch.float32, seed=0):
        return [gradient(rank, count, dtype, seed) for rank in range(RANKS)]

    def test_sum_and_average_of_all_types(self):
        for dtype in DTYPES:
            for op in OPS:
                with self.subTest(dtype=dtype, op=op):
                    self.same_at_all((op, dtype), oracle(self.gradients(1000, dtype), op))

    def test_they_are_near_the_real_ones(self):
        mean = torch.stack(self.gradients(1000)).mean(0)
        torch.testing.assert_close(self.seen[0]["avg", torch.float32], mean, rtol=0, atol=0.03)
        torch.testing.assert_close(self.seen[0]["sum", torch.float32], 4 * mean, rtol=0, atol=0.12)

    # 1,000 elements: 1,000 bytes of symbols and 2 bytes of scale for each of 4 blocks.
    def test_stats(self):
        stats = self.seen[0]["stats"]
        self.assertEqual(stats["calls"], 6)
        self.assertEqual(stats["payload_bytes"], 2 * (4000 + 2000 + 2000))
        self.assertEqual(stats["wire_bytes"], 6 * 1008)
        self.assertEqual((stats["members"], stats["faults"], stats["failure"]), ([0, 1, 2, 3], 0, ""))
        self.assertEqual((stats["last"]["servers"], stats["last"]["fell_back"]), (4, False))

    def test_tensors_of_any_layout(self):
        turned = [tensor.view(30, 40).t().contiguous() for tensor in self.gradients(1200)]
        self.same_at_all("turned", oracle([t.flatten() for t in turned]).view(40, 30))
        self.same_at_all("every other", oracle([tensor[::2].contiguous() for tensor in self.gradients(2400)]))
        self.same_at_all("channels last", oracle(self.gradients(1200)).view(2, 6, 10, 10))
        for rank, seen in enumerate(self.seen):
            self.same(seen["between"], gradient(rank, 2400)[1::2])

    def test_empty_and_small_and_leaf(self):
        self.same_at_all("empty", torch.empty(0, 5))
        self.same_at_all("one", oracle([torch.tensor([float(rank)]) for rank in range(RANKS)])[0])
        self.same_at_all("leaf", oracle(self.gradients(100)))

    def test_nan_and_inf_spread_over_their_blocks(self):
        tensors = self.gradients(1000)
        tensors[2][300], tensors[2][900] = float("nan"), float("inf")
        self.same_at_all("nan", oracle(tensors))
        self.assertEqual(torch.isnan(self.seen[0]["nan"]).nonzero().flatten().tolist(),
                         [*range(256, 512), *range(768, 1000)])
        self.assertEqual(self.seen[1]["nan stats"]["non_finite_blocks"], 2)

    def test_async(self):
        for i in range(20):
            for seen in self.seen:
                self.same(seen["async"][i], oracle(self.gradients(5000, seed=i), "sum"))
        self.assertTrue(all(self.seen[0]["async completed"]))
        self.same(self.seen[0]["future"][0], oracle(self.gradients(100), "sum") + 1)

    def test_several_tensors(self):
        for seen in self.seen:
            self.same(seen["coalesced"][0], oracle(self.gradients(300), "sum"))
            self.same(seen["coalesced"][1], oracle(self.gradients(70, seed=1), "sum"))

    def test_what_is_refused_changes_nothing(self):
        several, expanded, doubles = self.seen[1]["refused"]
        self.assertEqual(several, "RuntimeError: rank 1 of 4: all_reduce of 2 tensors in one call: expected 1")
        self.assertRegex(expanded, "rank 1 of 4: all_reduce of 20 bytes: elements of the tensor share memory")
        self.assertRegex(doubles, "rank 1 of 4: all_reduce of 40 bytes: the average of Double on cpu: expected float32")
        self.same_at_all("after", torch.ones(3))


class ByGloo(TorchCase):
    @classmethod
    def setUpClass(cls):
        cls.seen = values(run_ranks(RANKS, use_gloo))

    def test_other_operations(self):
        self.assertEqual(self.seen[0]["backend"], "optinc")
        doubles = [gradient(rank, 50, torch.float64) for rank in range(RANKS)]
        for seen in self.seen:
            torch.testing.assert_close(seen["double"], sum(doubles))
        self.same_at_all("max", torch.stack([gradient(rank, 50) for rank in range(RANKS)]).amax(0))
        self.same_at_all("int", torch.tensor([6, 4]))
        self.assertRegex(self.seen[2]["bfloat16 max"], "rank 2 of 4: all_reduce of 10 bytes: Gloo: ")

    def test_other_collectives(self):
        self.same_at_all("broadcast", gradient(1, 50))
        for rank, seen in enumerate(self.seen):
            for other in range(RANKS):
                self.same(seen["all_gather"][other], gradient(other, 7))
            self.same(seen["scatter"], gradient(rank, 7))
            self.assertEqual(seen["objects"], [{"rank": other} for other in range(RANKS)])
        self.same(self.seen[3]["gather"][2], gradient(2, 7))
        self.same(self.seen[1]["received"], gradient(0, 9))


class Groups(TorchCase):
    def test_several_at_once(self):
        self.seen = values(run_ranks(RANKS, use_groups))
        for step in range(10):
            for rank, seen in enumerate(self.seen):
                self.same(seen["whole"][step], oracle([gradient(r, 2000, seed=step) for r in range(RANKS)], "sum"))
                pair = (0, 1) if rank < 2 else (2, 3)
                self.same(seen["half"][step], oracle([gradient(r, 3000, seed=100 + step) for r in pair], "sum"))
        self.assertEqual(self.seen[3]["half stats"]["members"], [0, 1])


class Stochastic(TorchCase):
    """The same seed, the same bits, which differ from call to call and from seed to seed. Two ranks are enough."""

    def test_bits_go_by_seed_and_place(self):
        draws = [values(run_ranks(2, draw, 0, options={"stochastic": True, "seed": seed})) for seed in (7, 7, 8)]
        fabric = optinc.Fabric(optinc.load_design(DESIGNS / "b8-n4-nearest.safetensors"))
        for step in range(3):
            expected, _ = optinc.all_reduce([gradient(rank, 1000, seed=step).numpy() for rank in range(2)], fabric,
                                            rounding="stochastic", seed=7, first_element=1000 * step)
            for rank in range(2):
                self.same(draws[0][rank][step], torch.from_numpy(expected))
                self.same(draws[1][rank][step], torch.from_numpy(expected))
            self.assertFalse(torch.equal(draws[0][0][step], draws[2][0][step]))


if __name__ == "__main__":
    unittest.main()
