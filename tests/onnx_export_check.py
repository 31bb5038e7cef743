#!/usr/bin/python3
"""Checks an exported ONNX model against its design file.

    tests/onnx_export_check.py MODEL.onnx DESIGN.safetensors

Exit code 0: they agree. 1: they don't, with one line that says where. 77: numpy or onnx is not installed.
The design is read by the reader printed in doc/format_design.md, which is thereby checked, too.
"""

import sys
import textwrap
from pathlib import Path

try:
    import numpy as np
    import onnx
    from onnx import numpy_helper
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)


def load_documented_reader():
    """The functions of the indented block behind "## A reader in Python"."""
    text = (Path(__file__).resolve().parent.parent / "doc" / "format_design.md").read_text(encoding="utf-8")
    section = text.split("## A reader in Python", 1)[1].split("\n## ", 1)[0]
    code = [line for line in section.splitlines() if line.startswith("    ") or not line.strip()]
    functions = {}
    exec(textwrap.dedent("\n".join(code)), functions)
    return functions["read_design"], functions["forward"]


def evaluate(graph, levels):
    """Runs the nodes one by one, by the definitions of Gemm and Relu."""
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    values["levels"] = levels
    for node in graph.node:
        inputs = [values[name] for name in node.input]
        if node.op_type == "Gemm":
            attributes = {attribute.name: attribute.i for attribute in node.attribute}
            expect("attributes of Gemm", attributes, {"transB": 1})
            values[node.output[0]] = inputs[0] @ inputs[1].T + inputs[2]
        else:
            expect("operator", node.op_type, "Relu")
            values[node.output[0]] = np.maximum(inputs[0], 0)
    return values["symbols"]


def shape_of(value):
    return [size.dim_param or size.dim_value for size in value.type.tensor_type.shape.dim]


def expect(what, found, expected):
    if found != expected:
        sys.exit(f"{what}: {found}, expected {expected}")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    read_design, forward = load_documented_reader()
    model = onnx.load(sys.argv[1])
    metadata, layers = read_design(sys.argv[2])

    onnx.checker.check_model(model, full_check=True)  # with type and shape inference
    expect("IR version", model.ir_version, 7)
    expect("opsets", [(opset.domain, opset.version) for opset in model.opset_import], [("", 13)])
    expect("metadata", {entry.key: entry.value for entry in model.metadata_props}, metadata)
    graph = model.graph
    expect("inputs", [(value.name, shape_of(value)) for value in graph.input],
           [("levels", ["batch", layers[0][0].shape[1]])])
    expect("outputs", [(value.name, shape_of(value)) for value in graph.output],
           [("symbols", ["batch", layers[-1][0].shape[0]])])
    tensors = {}
    for i, (weight, bias) in enumerate(layers):
        tensors[f"layer.{i}.weight"] = weight
        tensors[f"layer.{i}.bias"] = bias
    expect("initialisers", [tensor.name for tensor in graph.initializer], list(tensors))
    for tensor in graph.initializer:
        found = numpy_helper.to_array(tensor)
        expect(f"type of {tensor.name}", found.dtype, np.float32)
        expect(f"shape of {tensor.name}", found.shape, tensors[tensor.name].shape)
        if found.tobytes() != tensors[tensor.name].tobytes():
            sys.exit(f"{tensor.name}: differs from the design file's, expected the same bits")

    levels = np.random.default_rng(1).uniform(0, 3, (100, layers[0][0].shape[1])).astype(np.float32)
    expected = forward(layers, levels)
    difference = np.abs(evaluate(graph, levels) - expected).max()
    if not difference <= 1e-5 * np.abs(expected).max():
        sys.exit(f"outputs differ by up to {difference}, expected those of the design file")
    print(f"{sys.argv[1]}: {len(layers)} layers agree with {sys.argv[2]}")


if __name__ == "__main__":
    main()
