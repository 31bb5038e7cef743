"""Block quantisation of gradients, and PAM4 symbols of their codes.

Servers that average share their scales: the integer maximum of the scale codes of a block is the scale that fits all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from . import _core

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    ScaleFormat = Literal["absmax16", "exponent8"]


def local_scales(
    array: ArrayLike, *, bits: int = 8, block: int = 256, scale_format: ScaleFormat = "absmax16"
) -> NDArray[np.uint16]:
    """Scale codes [ceil(n / block)] of an array of n numbers, taken as float32 in row-major order."""
    return _core.local_scales(array, bits, block, scale_format)


def quantise(
    array: ArrayLike,
    *,
    bits: int = 8,
    block: int = 256,
    scale_format: ScaleFormat = "absmax16",
    scales: ArrayLike | None = None,
    rounding: Literal["half-even", "stochastic"] = "half-even",
    seed: int = 0,
    stream: int = 0,
    first_element: int = 0,
) -> tuple[NDArray[np.uint32], NDArray[np.uint16]]:
    """Numbers, taken as float32, as B-bit codes with one scale a block.

    code = round(x / step) + 2^(bits-1). absmax16: step = largest |x| of the block, as a bfloat16 rounded up, over
    2^(bits-1) - 1. exponent8: a power of two. A block with NaN or Inf is sent as zeros; its scale says so.

    scales: shared ones; None: the array's own.
    rounding: 'half-even', or 'stochastic': element i takes word `first_element + i` of the random stream (seed, stream).
    Returns (codes, uint32, of the array's shape; scales [ceil(n / block)] uint16).
    """
    if scales is None:
        scales = local_scales(array, bits=bits, block=block, scale_format=scale_format)
    codes = _core.quantise(array, scales, bits, block, scale_format, rounding, seed, stream, first_element)
    return codes, scales


def dequantise(
    codes: ArrayLike,
    scales: ArrayLike,
    *,
    bits: int = 8,
    block: int = 256,
    scale_format: ScaleFormat = "absmax16",
    gain: float = 1.0,
) -> NDArray[np.float32]:
    """The numbers that codes stand for, float32, of the codes' shape: (code - 2^(bits-1)) * step * gain.

    A block whose scale says NaN or Inf becomes NaN.
    """
    return _core.dequantise(codes, scales, bits, block, scale_format, gain)


def pack(codes: ArrayLike, *, bits: int = 8) -> NDArray[np.uint8]:
    """Codes as a stream of PAM4 symbols, four to a byte, most significant first: [ceil(n ceil(bits / 2) / 4)] uint8."""
    return _core.pack(codes, bits)


def unpack(packed: ArrayLike, *, bits: int = 8, count: int | None = None) -> NDArray[np.uint32]:
    """The inverse: codes [count] uint32; count None: as many as whole codes fit."""
    return _core.unpack(packed, bits, count)
