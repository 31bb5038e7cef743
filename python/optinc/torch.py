"""PyTorch's data-parallel training through the emulated optical switch.

    import optinc.torch
    torch.distributed.init_process_group("optinc")     # where "gloo" stood

From then on all_reduce with SUM and AVG of float32, float16 and bfloat16 CPU tensors goes through the optics, and with it
the gradients of DistributedDataParallel. Everything else is Gloo's. To send gradients alone through the optics, beside any
backend:

    ddp.register_comm_hook(optinc.torch.HookState(), optinc.torch.all_reduce_hook)

Options are set by configure(), by pg_options of a group, or by the environment: OPTINC_DESIGN for `design`, and so on.
doc/pytorch.md has them all, and what happens when ranks fail.
"""

import dataclasses
import multiprocessing.util
import os
from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed as dist

try:
    from . import _torch
except ImportError as error:
    raise ImportError(f"optinc.torch: not built for this PyTorch, {torch.__version__} (doc/pytorch.md): {error}") from error

__all__ = ["HookState", "Options", "all_reduce_hook", "configure", "last_stats", "options"]

DESIGNS = Path(__file__).parent / "designs"
# The most ranks, the design of the device (of level 2 in a cascade), that of level 1.
SHIPPED = (
    (4, "b8-n4-nearest", ""),
    (8, "b8-n8-nearest", ""),
    (16, "b8-n4-cascade-2-nearest", "b8-n4-cascade-1"),
)


@dataclasses.dataclass(frozen=True)
class Options:
    """What stands between the ranks of a group. All ranks give the same, but for address, threads and verbose."""

    design: str = ""  # a file; of level 2 with level_1. Empty: of those that ship the smallest for that many ranks
    level_1: str = ""  # a file: the devices of level 1 of a cascade
    cascade_mode: str = "snapped"  # or "analog"
    evaluation: str = "auto"  # "integer", "onn", "every-symbol": what answers for the ONN
    block: int = 256  # elements that share a scale
    scale_format: str = "absmax16"  # or "exponent8"
    stochastic: bool = False  # quantise by chance, without bias; else half to even
    seed: int = 0  # of all random bits
    error_feedback: bool = False  # what quantising leaves over of a tensor is added to it the next time
    deadline_s: float = 300.0  # of every message, and of finding each other. A group's shorter timeout counts, too
    on_fault: str = "abort"  # "ring": that call again, electrically. "survivors": on with those that are there
    threads: int = 1  # that encode and decode, a rank; 0: all
    address: str = ""  # of this rank for the others; empty: 127.0.0.1
    checksum: bool = True  # of every message
    verbose: bool = False  # rank 0 says on stderr what a group goes through


_NAMES = [field.name for field in dataclasses.fields(Options)]
_configured: dict = {}
_exit_of: set = set()  # processes in which groups are closed at the end


def configure(**changes) -> Options:
    """Sets options of the groups that are made from now on in this process; None takes one back. Returns what holds now."""
    _check_names(changes)
    changed = {**_configured, **changes}
    changed = {name: value for name, value in changed.items() if value is not None}
    result = _options_with(changed)
    _configured.clear()
    _configured.update(changed)
    return result


def options() -> Options:
    """What holds now: of configure(), else of the environment, else the default."""
    return _options_with(_configured)


def last_stats(group=None) -> dict:
    """What a group (or a HookState) has done: sums over its all-reduces and, in "last", the last one.

    "members" are the ranks that take part, "faults" the failures that were survived, "failure" is why nothing works any
    more. wire_bytes are those that this rank's port sends in the modelled system.
    """
    if group is None:
        group = dist.distributed_c10d._get_default_group()
    group = getattr(group, "optics", group)
    if hasattr(group, "_get_backend"):  # PyTorch 2
        group = group._get_backend(torch.device("cpu"))
    if not isinstance(group, _torch.ProcessGroupOptinc):
        raise ValueError(f'{type(group).__name__}: expected a group of the backend "optinc" or a HookState')
    return group.stats()


class HookState:
    """The optics between the ranks of a process group of any backend, for all_reduce_hook. All ranks make it together."""

    _made: dict = {}  # how many between these ranks, so that each meets at a place of its own

    def __init__(self, process_group=None, **changes):
        group = process_group if process_group is not None else dist.distributed_c10d._get_default_group()
        ranks = "_".join(str(dist.get_global_rank(group, rank)) for rank in range(group.size()))
        number = HookState._made[ranks] = HookState._made.get(ranks, 0) + 1
        store = dist.PrefixStore(f"optinc_hook/{ranks}/{number}", dist.distributed_c10d._get_default_store())
        self.process_group = group
        self.optics = _make(store, group.rank(), group.size(), changes, None)


def all_reduce_hook(state: HookState, bucket: dist.GradBucket) -> torch.futures.Future[torch.Tensor]:
    """A communication hook of DistributedDataParallel: the average of each bucket, through the optics.

    With error_feedback every bucket has a residual of its own, which starts at zero and does again when DDP builds its
    buckets anew (once, after the first step).
    """
    average = dist.AllreduceOptions()
    average.reduceOp = dist.ReduceOp.AVG
    return state.optics.allreduce([bucket.buffer()], average).get_future().then(lambda done: done.value()[0])


def _check_names(changes):
    for name in changes:
        if name not in _NAMES:
            raise ValueError(f"option {name}: expected one of {', '.join(_NAMES)}")


def _options_with(changes) -> Options:
    _check_names(changes)
    values = {}
    for field in dataclasses.fields(Options):
        variable = f"OPTINC_{field.name.upper()}"
        if field.name in changes:
            values[field.name] = _value(f"option {field.name}", field.default, changes[field.name])
        elif variable in os.environ:
            values[field.name] = _value(variable, field.default, os.environ[variable])
    return Options(**values)


def _value(name, default, given):
    """`given`, perhaps as text, in the type of the default."""
    try:
        if isinstance(default, bool):
            return {"true": True, "1": True, "false": False, "0": False}[str(given).lower()]
        if isinstance(default, int) and (isinstance(given, bool) or int(given) != float(given)):
            raise ValueError
        if isinstance(default, str):
            return os.fspath(given)
        return type(default)(given)
    except (KeyError, TypeError, ValueError):
        kinds = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
        raise ValueError(f"{name} = {given!r}: expected {kinds[type(default)]}") from None


def _with_design(options, size):
    if options.design:
        return options
    if options.level_1:
        raise ValueError(f"level_1 = {options.level_1!r} without design, which is the device of level 2")
    for ranks, design, level_1 in SHIPPED:
        if size <= ranks:
            path = lambda name: str(DESIGNS / f"{name}.safetensors") if name else ""
            return dataclasses.replace(options, design=path(design), level_1=path(level_1))
    raise ValueError(
        f"{size} ranks: the designs that ship average up to {SHIPPED[-1][0]}; give design=... with more ports "
        "(and level_1=... for a cascade)"
    )


def _make(store, rank, size, changes, timeout):
    chosen = _with_design(_options_with({**_configured, **changes}), size)
    if timeout is not None:
        chosen = dataclasses.replace(chosen, deadline_s=min(chosen.deadline_s, timeout.total_seconds()))
    if os.getpid() not in _exit_of:
        # Of multiprocessing, whose children don't come to atexit; its parent does.
        multiprocessing.util.Finalize(None, _torch.close_all, exitpriority=10)
        _exit_of.add(os.getpid())
    group = _torch.make_group(dist.PrefixStore("optinc", store), rank, size, dataclasses.asdict(chosen))
    group.options = chosen
    return group


def _create(backend_options, group_options):
    """What torch.distributed calls for every group of the backend."""
    store, timeout = backend_options.store, backend_options.timeout
    rank, size = backend_options.group_rank, backend_options.group_size
    if not isinstance(timeout, timedelta):
        timeout = timedelta(seconds=timeout)
    group = _make(store, rank, size, dict(group_options or {}), timeout)
    deadline = timedelta(seconds=group.options.deadline_s)
    group.set_gloo(dist.ProcessGroupGloo(dist.PrefixStore("gloo", store), rank, size, timeout=deadline))
    return group


if not hasattr(dist.Backend, "OPTINC"):
    dist.Backend.register_backend("optinc", _create, extended_api=True)
