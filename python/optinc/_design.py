"""Designs and their verification."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Callable

from . import _core

if TYPE_CHECKING:
    from ._core import Design, Verification


def load_design(path: str | os.PathLike[str]) -> Design:
    """Reads a design file (.safetensors, doc/format_design.md). ValueError for what is none."""
    return _core.load_design(path)


def verify(
    design: Design,
    *,
    threads: int = 0,
    first: int = 0,
    count: int | None = None,
    sample: int = 0,
    seed: int = 1,
    keep_wrong: int = 0,
    progress: Callable[[int, int], object] | None = None,
) -> Verification:
    """Checks the design's network against the exact average on every possible input.

    threads: 0: all; the result does not depend on it.
    first, count: check only the inputs with these numbers (count None: all from `first` on).
    sample: not 0: check this many inputs in their place, drawn at random by `seed`.
    keep_wrong: how many numbers of wrong inputs to keep, the lowest.
    progress: called with (inputs done, inputs) a few times a second.
    """
    return _core.verify(design, first, count, sample, seed, keep_wrong, threads, progress)
