"""Reads program files (doc/format_program.md) with numpy alone: JSON and .npz.

    import read_program
    program = read_program.read_json("b8-n4.json")          # or read_npz("b8-n4.npz")
    matrix = read_program.stage_matrix(program["stages"][1])   # of layer 1
"""

import json

import numpy as np

FORMAT = "optinc-program/1"


def read_json(path):
    """A program as a dict, its lists of numbers as float64 arrays."""
    with open(path, encoding="utf-8") as file:
        program = json.load(file)
    return _with_arrays(program, lambda place, part, key: np.array(part[key], np.float64))


def read_npz(path):
    """The same dict from an .npz file."""
    with np.load(path) as arrays:
        program = json.loads(arrays["metadata.json"].tobytes().decode("utf-8"))
        return _with_arrays(program, lambda place, part, key: arrays[f"{place}.{key}"])


def _with_arrays(program, numbers):
    """program, each list of numbers in it replaced by numbers(place, the dict it is in, its key)."""
    if program.get("format") != FORMAT:
        raise ValueError(f'format {program.get("format")!r}, expected {FORMAT!r}')

    def fill(place, part, *keys):
        for key in keys:
            part[key] = numbers(place, part, key)

    for s, stage in enumerate(program["stages"]):
        fill(f"stage_{s}", stage, "bias")
        for b, block in enumerate(stage["blocks"]):
            place = f"stage_{s}.block_{b}"
            fill(f"{place}.attenuators", block["attenuators"], "theta", "phi")
            fill(f"{place}.first", block["first"], "theta", "phi", "output_phase")
            if block["second"] is not None:
                fill(f"{place}.second", block["second"], "theta", "phi", "output_phase")
    return program


def mzi(theta, phi):
    """The entries a, b, c, d of the transfer matrices [[a, b], [c, d]] of MZIs."""
    common = 1j * np.exp(0.5j * theta)
    sine, cosine, turn = np.sin(theta / 2), np.cos(theta / 2), np.exp(1j * phi)
    return common * turn * sine, common * cosine, common * turn * cosine, -common * sine


def mesh_columns(layout, size):
    """(first mode, number of cells) of each column in the order of light."""
    if layout == "rectangular":
        return [(c % 2, (size - c % 2) // 2) for c in range(size if size > 1 else 0)]
    if layout == "triangular":
        return [(c % 2, (min(c, 2 * size - 4 - c) - c % 2) // 2 + 1) for c in range(max(2 * size - 3, 0))]
    raise ValueError(f"layout {layout!r}, expected rectangular or triangular")


def mesh_matrix(mesh):
    """The unitary matrix of a mesh with ideal parts."""
    size = mesh["size"]
    a, b, c, d = mzi(mesh["theta"], mesh["phi"])
    if mesh["cell"] == "3-mzi":  # a third coupler in front: from the right, [[1, i], [i, 1]] / sqrt(2)
        a, b, c, d = (value / np.sqrt(2) for value in (a + 1j * b, 1j * a + b, c + 1j * d, 1j * c + d))
    fields = np.eye(size, dtype=np.complex128)  # row m: what mode m carries of every input
    cell = 0
    for first, count in mesh_columns(mesh["layout"], size):
        here = slice(cell, cell + count)
        upper = fields[first : first + 2 * count : 2]
        lower = fields[first + 1 : first + 2 * count : 2]
        column = [value[here, None] for value in (a, b, c, d)]
        new_upper = column[0] * upper + column[1] * lower
        fields[first + 1 : first + 2 * count : 2] = column[2] * upper + column[3] * lower
        fields[first : first + 2 * count : 2] = new_upper
        cell += count
    return np.exp(1j * mesh["output_phase"])[:, None] * fields


def stage_matrix(stage):
    """W [outputs, inputs] of a stage, complex; the imaginary part is rounding."""
    blocks = stage["blocks"]
    matrix = np.zeros((stage["outputs"], stage["inputs"]), np.complex128)
    for block in blocks:
        attenuation = mzi(block["attenuators"]["theta"], block["attenuators"]["phi"])[0]
        lines = len(attenuation)
        light = attenuation[:, None] * mesh_matrix(block["first"])[:lines]
        if block["second"] is not None:
            light = mesh_matrix(block["second"])[:, :lines] @ light
        row, column = block["row"], block["column"]
        matrix[row : row + light.shape[0], column : column + light.shape[1]] += light
    splits = sum(block["column"] == blocks[0]["column"] for block in blocks)
    combined = sum(block["row"] == blocks[0]["row"] for block in blocks)
    return stage["gain"] / np.sqrt(splits * combined) * matrix
