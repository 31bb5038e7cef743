"""Optical in-network computing: verified designs, what they take in hardware, and simulated chips that run them.

    import numpy as np
    import optinc

    design = optinc.load_design("designs/b8-n4.safetensors")
    optinc.verify(design).accuracy                     # 1.0, of all 28,561 inputs
    design.area()["mzis"]                              # 41936
    program = optinc.compile(design)                   # phases of all interferometers
    optinc.simulate(program, hardware="silicon", chips=10).exact_symbol_rates

Levels are PAM4 levels (0 .. 3 a symbol), phases are in rad, and other units are in the names. Arrays that belong to a
design or a program are read-only views of it. What can't be used is a ValueError that names the value and what was
expected; what fails while running is a RuntimeError. Long calls leave the interpreter to other threads. Ctrl-C ends
`verify` within tenths of a second and `simulate` at the end of a chip; of other calls, at their end.
"""

from __future__ import annotations

from ._chip import compile, decompose, hardware_presets, link_budget, load_program, simulate
from ._codec import dequantise, local_scales, pack, quantise, unpack
from ._collective import all_reduce
from ._core import (
    Attenuators,
    Block,
    ChipResult,
    Design,
    Fabric,
    Hardware,
    Mesh,
    Program,
    Simulation,
    Stage,
    Verification,
    __version__,
)
from ._design import load_design, verify

__all__ = [
    "Attenuators",
    "Block",
    "ChipResult",
    "Design",
    "Fabric",
    "Hardware",
    "Mesh",
    "Program",
    "Simulation",
    "Stage",
    "Verification",
    "__version__",
    "all_reduce",
    "compile",
    "decompose",
    "dequantise",
    "hardware_presets",
    "link_budget",
    "load_design",
    "load_program",
    "local_scales",
    "pack",
    "quantise",
    "simulate",
    "unpack",
    "verify",
]
