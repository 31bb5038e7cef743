import os
import signal
import time
import unittest

import torch
import torch.distributed as dist

import optinc.torch
from torch_ranks import run_ranks, values
from torch_training import fingerprint, model, train, wrapped

STEPS = 40
FAULT_STEP = 20


def train_with_fault(rank, victim, number):
    at = [None]

    def before_step(step):
        if step == FAULT_STEP:
            at[0] = time.monotonic()
            if rank == victim:
                os.kill(os.getpid(), number)

    ddp = wrapped(model())
    try:
        losses = train(rank, ddp, STEPS, before_step)
    except RuntimeError as error:
        seconds = time.monotonic() - at[0]
        again = errors_of(lambda: dist.all_reduce(torch.ones(5)), dist.barrier, lambda: dist.broadcast(torch.ones(5), 0))
        raise RuntimeError(f"{error}|{seconds}|{again}") from error
    dist.barrier()
    refused = errors_of(lambda: dist.broadcast(torch.ones(5), 0))
    return losses, fingerprint(ddp), optinc.torch.last_stats(), refused


def errors_of(*actions):
    errors = []
    for action in actions:
        try:
            action()
            errors.append("")
        except Exception as error:
            errors.append(str(error))
    return errors


def raise_once(rank):
    if rank == 1:
        raise ValueError("out of data")
    dist.all_reduce(torch.ones(1000))


def other_sizes(rank):
    dist.all_reduce(torch.ones(1000 if rank != 2 else 2000))


class Aborted(unittest.TestCase):
    def check(self, outcomes, victim, why, within_s, status=3):
        for rank, outcome in enumerate(outcomes):
            if rank == victim:
                continue
            self.assertEqual(outcome.exit_code, status, outcome.stderr)
            text, seconds, again = outcome.error.split("|")
            self.assertRegex(text, rf"^RuntimeError: rank {rank} of 4: .*(from|to) rank {victim}: {why}")
            self.assertRegex(text, r"\d+ bytes.*\[optinc all-reduce number \d+: 0 of \d+ bytes done\]")
            self.assertLess(float(seconds), within_s)
            self.assertEqual(eval(again), [text.removeprefix("RuntimeError: ")] * 3)

    def test_a_killed_rank_is_named_at_once(self):
        outcomes = run_ranks(4, train_with_fault, 3, signal.SIGKILL, options={"deadline_s": 60})
        self.assertEqual(outcomes[3].exit_code, -signal.SIGKILL)
        self.check(outcomes, 3, "rank (3 is gone|. has given up: rank . of 4: .* rank 3: rank 3 is gone)", 5)

    def test_a_stopped_rank_is_named_at_the_deadline(self):
        outcomes = run_ranks(4, train_with_fault, 2, signal.SIGSTOP, options={"deadline_s": 2}, unfinished=[2])
        late = "nothing came within 2 s"
        self.check(outcomes, 2, rf"({late}|rank . has given up: rank . of 4: .* rank 2: {late})", 6)

    def test_a_rank_that_raises(self):
        outcomes = run_ranks(4, raise_once, options={"deadline_s": 60})
        self.assertIn("ValueError: out of data", outcomes[1].stderr)
        for rank in (0, 2, 3):
            self.assertRegex(outcomes[rank].error, f"rank {rank} of 4: .* rank 1 is gone")
            self.assertLess(outcomes[rank].seconds, 30)

    def test_other_sizes(self):
        outcomes = run_ranks(4, other_sizes, options={"deadline_s": 20})
        # Whichever rank sees it first says what both call for.
        errors = "\n".join(outcome.error for outcome in outcomes)
        self.assertIn("sum of 1000 elements", errors)
        self.assertIn("sum of 2000 elements", errors)
        self.assertIn("calls for the", errors)
        for outcome in outcomes:
            self.assertRegex(outcome.error, "all-reduce number 1: 0 of [48]000 bytes done")

    def test_a_rank_that_never_comes(self):
        store = dist.HashStore()
        with self.assertRaisesRegex(RuntimeError, r"^rank 0 of 3: no connection with ranks 1, 2 within 1(\.0)? s"):
            optinc.torch._make(store, 0, 3, {"deadline_s": 1}, None)


class Survived(unittest.TestCase):
    def check(self, outcomes, victim):
        del outcomes[victim]
        seen = values(outcomes)
        told = "".join(outcome.stderr for outcome in outcomes).splitlines()
        self.assertEqual(len([line for line in told if line.startswith("optinc: ")]), 1, told)
        self.assertRegex(told[0], f"optinc: rank . of 4: .*; 3 of 4 ranks go on")
        for losses, weights, stats, refused in seen:
            self.assertEqual(weights, seen[0][1])
            self.assertEqual(len(losses), STEPS)
            self.assertEqual(stats["members"], [rank for rank in range(4) if rank != victim])
            self.assertEqual((stats["last"]["servers"], stats["faults"], stats["failure"]), (3, 1, ""))
            self.assertIn("3 of 4 ranks go on", stats["last_fault"])
            self.assertRegex(refused[0], "broadcast of 20 bytes: Gloo does this, which needs all 4 ranks")

    def test_training_goes_on_without_a_killed_rank(self):
        for victim in (3, 0):
            with self.subTest(victim=victim):
                outcomes = run_ranks(4, train_with_fault, victim, signal.SIGKILL,
                                     options={"deadline_s": 60, "on_fault": "survivors"})
                self.assertEqual(outcomes[victim].exit_code, -signal.SIGKILL)
                self.check(outcomes, victim)

    def test_training_goes_on_without_a_stopped_rank(self):
        options = {"deadline_s": 2, "on_fault": "survivors"}
        self.check(run_ranks(4, train_with_fault, 1, signal.SIGSTOP, options=options, unfinished=[1]), 1)


if __name__ == "__main__":
    unittest.main()
