import unittest

import torch
import torch.distributed as dist

import optinc.torch
from torch_ranks import run_ranks, values
from torch_training import fingerprint, model, train, wrapped

STEPS = 40


def train_by_backend(rank):
    ddp = wrapped(model())
    losses = train(rank, ddp, STEPS)
    # Whoever is first to end does not disturb the others: no barrier here.
    return losses, fingerprint(ddp), optinc.torch.last_stats() if dist.get_backend() == "optinc" else None


def train_by_hook(rank, error_feedback):
    state = optinc.torch.HookState(error_feedback=error_feedback)
    ddp = wrapped(model(), optinc.torch.all_reduce_hook, state)
    losses = train(rank, ddp, STEPS)
    return losses, fingerprint(ddp), optinc.torch.last_stats(state)


class Training(unittest.TestCase):
    def check(self, outcomes):
        seen = values(outcomes)
        for losses, weights, _ in seen:
            self.assertEqual(weights, seen[0][1], "weights differ between ranks")
            self.assertLess(losses[-1], losses[0])
        return seen

    def test_ranks_and_runs_have_the_same_bits(self):
        first, second = (self.check(run_ranks(4, train_by_backend)) for _ in range(2))
        self.assertEqual([seen[:2] for seen in first], [seen[:2] for seen in second])
        stats = first[0][2]
        self.assertGreater(stats["calls"], STEPS)
        self.assertLess(stats["wire_bytes"], 0.26 * stats["payload_bytes"])

        gloo = self.check(run_ranks(4, train_by_backend, backend="gloo"))
        self.assertNotEqual(gloo[0][1], first[0][1])
        self.assertLess(abs(gloo[0][0][-1] - first[0][0][-1]), 0.05)

    def test_hook_beside_gloo(self):
        plain = self.check(run_ranks(4, train_by_hook, False, backend="gloo"))
        fed_back = self.check(run_ranks(4, train_by_hook, True, backend="gloo"))
        self.assertNotEqual(plain[0][1], fed_back[0][1])
        self.assertEqual(plain[0][2]["calls"], fed_back[0][2]["calls"])


if __name__ == "__main__":
    unittest.main()
