"""From designs to chips."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Callable, Literal

from . import _core

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ._core import Design, Hardware, Mesh, Program, Simulation

    Layout = Literal["rectangular", "triangular"]
    Cell = Literal["mzi", "3-mzi"]
    Correction = Literal["none", "local", "self-configured"]


def compile(
    design: Design, *, layout: Layout = "rectangular", cell: Cell = "mzi", name: str | None = None, threads: int = 0
) -> Program:
    """Turns a design into a mesh program: phases for every interferometer.

    layout: 'rectangular' (Clements) or 'triangular' (Reck).
    cell: 'mzi', or '3-mzi' (triangular meshes only).
    name: what the program calls the design; None: as its file.
    threads: 0: all; the program does not depend on it.
    """
    return _core.compile(design, layout, cell, name, threads)


def load_program(path: str | os.PathLike[str]) -> Program:
    """Reads a mesh program, .json or .npz (doc/format_program.md). ValueError for what is none."""
    return _core.load_program(path)


def decompose(unitary: ArrayLike, *, layout: Layout = "rectangular", cell: Cell = "mzi") -> Mesh:
    """The mesh of ideal interferometers that makes this unitary matrix [n, n].

    ValueError for a matrix that is not square, or further than 1e-9 from unitary.
    """
    return _core.decompose(unitary, layout, cell)


def hardware_presets() -> list[str]:
    """Names of the hardware that is built in."""
    return _core.hardware_presets()


def _hardware(hardware: Hardware | str | os.PathLike[str]) -> Hardware:
    return hardware if isinstance(hardware, _core.Hardware) else _core.Hardware(os.fspath(hardware))


def simulate(
    program: Program,
    design: Design | None = None,
    *,
    hardware: Hardware | str | os.PathLike[str] = "ideal",
    chips: int = 1,
    seed: int = 1,
    correction: Correction = "none",
    sample: int = 0,
    threshold: float = 0.99,
    threads: int = 0,
    progress: Callable[[int, int], object] | None = None,
) -> Simulation:
    """Makes chips of imperfect parts that run the program, and counts symbols at every server.

    design: compare every level with this design's network.
    hardware: Hardware, the name of a preset, or a TOML file.
    chips: how many. A chip is a function of `seed` and its number alone.
    correction: what programming knows of a chip's couplers and phases.
    sample: inputs drawn at random; 0: every possible input.
    threshold: exact-symbol rate of a chip that counts for the yield.
    threads: 0: all; results do not depend on it.
    progress: called with (chips done, chips) a few times a second.
    """
    return _core.simulate(
        program, design, _hardware(hardware), chips, seed, correction, sample, threshold, threads, progress
    )


def link_budget(program: Program, hardware: Hardware | str | os.PathLike[str] = "ideal") -> dict[str, Any]:
    """Where light is lost and what is left at the detectors: the record `link_budget` of doc/format_records.md.

    Losses and gains in dB, powers in dBm or W as their names say, levels in level units.
    """
    return _core.link_budget(program, _hardware(hardware))
