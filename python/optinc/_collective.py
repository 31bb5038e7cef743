"""All-reduce over arrays of one process, through simulated optics or by electrical messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Sequence

from . import _core

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from ._codec import ScaleFormat
    from ._core import Design, Fabric


def all_reduce(
    arrays: Sequence[ArrayLike],
    design: Design | Fabric | None = None,
    *,
    op: Literal["avg", "sum"] = "avg",
    algorithm: Literal["optinc", "ring", "rabenseifner", "tree"] = "optinc",
    block: int = 256,
    scale_format: ScaleFormat = "absmax16",
    rounding: Literal["half-even", "stochastic"] = "half-even",
    seed: int = 0,
    first_element: int = 0,
    residuals: Sequence[NDArray[np.float32]] = (),
) -> tuple[NDArray[np.floating], dict[str, int]]:
    """The average or sum of one array a server, all of one shape: what every server would get.

    Through the optics, arrays are quantised block by block with scales that all servers share, averaged as PAM4 symbols,
    and dequantised. Servers are threads. float16 stays float16; everything else is taken as float32.

    design: what averages: a design, or a Fabric (a cascade, another evaluation); None with the electrical algorithms.
    op: 'avg' or 'sum'.
    algorithm: 'optinc', or without optics 'ring', 'rabenseifner' or 'tree', which add in float32.
    block, scale_format, rounding: as for quantise; bits are the design's.
    seed: of stochastic rounding, and of the device's nearest-unbiased rounding.
    first_element: place of element 0 in the random streams: step * length in the training of a model.
    residuals: error feedback: one float32 array a server, zeros at first. What is in it is added to the server's array,
        and what quantising leaves over is put there.
    Returns (result, statistics): payload_bytes; wire_bytes, what a server's port sends in the modelled system; rounds,
    messages that the result waits for; non_finite_blocks, now NaN; servers.
    """
    import numpy as np

    fabric = _core.Fabric(design) if isinstance(design, _core.Design) else design
    given = [np.asarray(array) for array in arrays]
    return _core.all_reduce(
        given, fabric, algorithm, op, block, scale_format, rounding, seed, first_element, list(residuals)
    )
