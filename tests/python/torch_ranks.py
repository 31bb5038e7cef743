"""Ranks as processes, for the tests of optinc.torch."""

import os
import pickle
import tempfile
import time
import traceback
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing

import optinc.torch


@dataclass
class Outcome:
    """How a rank ended."""

    value: object = None  # what the body returned
    error: str = ""  # what it raised
    stderr: str = ""
    exit_code: int | None = None
    seconds: float = 0


def run_ranks(size, body, *arguments, backend="optinc", options=None, timeout_s=100, unfinished=()):
    """body(rank, *arguments) in `size` processes with a process group; [rank]: Outcome.

    Ranks in `unfinished` are not waited for; they are killed at the end. A rank that takes longer than timeout_s is a
    failure of the test.
    """
    with tempfile.TemporaryDirectory() as folder:
        store = dist.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
        spawn = torch.multiprocessing.get_context("spawn")
        ranks = [
            spawn.Process(target=_rank, args=(rank, size, store.port, folder, backend, options or {}, body, arguments))
            for rank in range(size)
        ]
        start = time.monotonic()
        for process in ranks:
            process.start()
        for rank, process in enumerate(ranks):
            if rank not in unfinished:
                process.join(max(0, timeout_s - (time.monotonic() - start)))
        late = [rank for rank, process in enumerate(ranks) if rank not in unfinished and process.is_alive()]
        for process in ranks:
            if process.is_alive():
                process.kill()
            process.join()
        if late:
            raise AssertionError(f"ranks {late} have not ended within {timeout_s} s")
        return [_outcome(Path(folder), rank, process.exitcode) for rank, process in enumerate(ranks)]


def values(outcomes):
    """What all ranks returned; the first error where one failed."""
    for rank, outcome in enumerate(outcomes):
        if outcome.error or outcome.exit_code != 0:
            raise AssertionError(f"rank {rank} ended with {outcome.exit_code}: {outcome.error}\n{outcome.stderr}")
    return [outcome.value for outcome in outcomes]


def _outcome(folder, rank, exit_code):
    result = folder / f"{rank}.result"
    outcome = pickle.loads(result.read_bytes()) if result.exists() else Outcome()
    outcome.stderr = (folder / f"{rank}.stderr").read_text() if (folder / f"{rank}.stderr").exists() else ""
    outcome.exit_code = exit_code
    return outcome


def _rank(rank, size, port, folder, backend, options, body, arguments):
    os.dup2(os.open(f"{folder}/{rank}.stderr", os.O_CREAT | os.O_WRONLY), 2)
    torch.set_num_threads(1)
    outcome = Outcome()
    start = time.monotonic()
    try:
        optinc.torch.configure(**options)
        store = dist.TCPStore("127.0.0.1", port, is_master=False, timeout=timedelta(seconds=60))
        dist.init_process_group(backend, store=store, rank=rank, world_size=size)
        outcome.value = body(rank, *arguments)
    except Exception as error:
        outcome.error = f"{type(error).__name__}: {error}"
        traceback.print_exc()
        raise SystemExit(3) from error
    finally:
        outcome.seconds = time.monotonic() - start
        aside = Path(folder, f"{rank}.aside")
        aside.write_bytes(pickle.dumps(outcome))
        aside.rename(Path(folder, f"{rank}.result"))
