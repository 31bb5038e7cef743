#!/usr/bin/python3
"""Writes networks as other tools do, for src/optinc/onn/import.test.cc.

    tests/make_import_files.py FOLDER

All files in FOLDER/good hold one network, 3-5-2: weight k of a layer is (k - 3) / 8, bias k is k / 4. Those in FOLDER/bad are
each wrong in the way that their name says. Exit code 77: numpy or onnx is not installed.
"""

import collections
import io
import pickle
import sys
import zipfile
from pathlib import Path

try:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)


def counted(*shape):
    return ((np.arange(np.prod(shape)) - 3) / 8).reshape(shape).astype(np.float32)


W1, B1 = counted(5, 3), (np.arange(5) / 4).astype(np.float32)
W2, B2 = counted(2, 5), (np.arange(2) / 4).astype(np.float32)


def write_npz(good, bad):
    np.savez(good / "layer.npz", **{"layer.1.weight": W2, "layer.1.bias": B2, "layer.0.weight": W1, "layer.0.bias": B1})
    np.savez_compressed(good / "natural.npz", **{"fc10.bias": B2, "fc10.weight": W2, "fc9.bias": B1, "fc9.weight": W1})
    np.savez(good / "letters.npz", W1=W1.astype(np.float64), W2=W2, b1=B1, b2=B2)
    np.savez(good / "numbered.npz", np.asfortranarray(W1), B1, W2, B2)
    np.savez(bad / "half.npz", w=W1.astype(np.float16))
    np.savez(bad / "big_endian.npz", w=W1.astype(">f4"))
    np.savez(bad / "nan.npz", W1=np.where(W1 == 0, np.nan, W1), W2=W2)
    np.savez(bad / "overflow.npz", W1=W1.astype(np.float64) * 1e300)
    np.savez(bad / "transposed.npz", W1=W1.T, b1=B1, W2=W2.T, b2=B2)
    np.savez(bad / "chain.npz", W1=W1, W2=counted(2, 4))
    np.savez(bad / "bias.npz", W1=W1, b1=B2)
    np.savez(bad / "only_bias.npz", b1=B1)
    np.savez(bad / "cube.npz", w=counted(2, 2, 2))
    np.savez(bad / "twice.npz", weight=W1, kernel=W1)
    np.savez(bad / "none.npz")
    np.savez(bad / "no_outputs.npz", w=np.zeros((0, 3), np.float32))
    with zipfile.ZipFile(bad / "text.npz", "w") as archive:
        archive.writestr("notes.txt", "hello")
    np.save(bad / "one.npy", W1)
    np.savez(bad / "prelu.npz", **{"0.weight": W1, "1.weight": B1, "2.weight": W2})
    np.savez(bad / "sizes.npz", w=np.ones((1,) * 20, np.float32))
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (5,\n-3), }"
    with zipfile.ZipFile(bad / "lines.npz", "w") as archive:
        archive.writestr("w\n.npy", b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header)
    with zipfile.ZipFile(bad / "many.npz", "w") as archive:
        for i in range(4097):
            archive.writestr(f"{i}.npy", b"")
    # The list of entries says of the second that it unpacks to 2^30 bytes.
    np.savez_compressed(bad / "bomb.npz", W1=W1, W2=W2)
    bomb = bytearray((bad / "bomb.npz").read_bytes())
    size_at = bomb.rindex(b"PK\1\2") + 24
    bomb[size_at : size_at + 4] = (2**30).to_bytes(4, "little")
    (bad / "bomb.npz").write_bytes(bomb)


def save_onnx(path, nodes, tensors, outputs=("y",), inputs=("x",)):
    def describe(name):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", None])

    graph = helper.make_graph(nodes, "g", [describe(name) for name in inputs], [describe(name) for name in outputs], tensors)
    onnx.save(helper.make_model(graph), path)


def raw(name, array):
    return numpy_helper.from_array(array, name)


def listed(name, array, kind=TensorProto.FLOAT):
    return helper.make_tensor(name, kind, array.shape, array.flatten().tolist())


def write_onnx(good, bad):
    def node(op, inputs, output, **attributes):
        return helper.make_node(op, inputs, [output], **attributes)

    save_onnx(
        good / "gemm.onnx",
        [
            node("Gemm", ["x", "w1", "b1"], "a", alpha=2.0, beta=0.5),
            node("Relu", ["a"], "b"),
            node("Identity", ["b"], "c"),
            node("Gemm", ["c", "w2", "b2"], "y", transB=1),
        ],
        [raw("w1", W1.T / 2), raw("b1", B1.reshape(1, 5) * 2), listed("w2", W2), raw("b2", B2.astype(np.float64))],
    )
    save_onnx(
        good / "matmul.onnx",
        [
            node("Constant", [], "w1", value=raw("", W1.T.copy())),
            node("MatMul", ["x", "w1"], "a"),
            node("Add", ["b1", "a"], "b"),
            node("Relu", ["b"], "c"),
            node("MatMul", ["c", "w2"], "d"),
            node("Add", ["d", "b2"], "y"),
        ],
        [raw("b1", B1), listed("w2", W2.T.astype(np.float64), TensorProto.DOUBLE), raw("b2", B2)],
    )
    tensors = [raw("w1", W1.T.copy()), raw("w2", W2.T.copy()), raw("b1", B1)]
    first = node("MatMul", ["x", "w1"], "a")
    save_onnx(bad / "sigmoid.onnx", [first, node("Sigmoid", ["a"], "y")], tensors)
    save_onnx(bad / "no_relu.onnx", [first, node("MatMul", ["a", "w2"], "y")], tensors)
    save_onnx(bad / "relu_last.onnx", [first, node("Relu", ["a"], "y")], tensors)
    save_onnx(bad / "relu_first.onnx", [node("Relu", ["x"], "y")], tensors)
    save_onnx(bad / "chain.onnx", [first, node("Relu", ["a"], "b"), node("MatMul", ["b", "w1"], "y")], tensors)
    save_onnx(bad / "skip.onnx", [first, node("Relu", ["a"], "b"), node("MatMul", ["a", "w2"], "y")], tensors)
    save_onnx(bad / "activations.onnx", [first, node("Relu", ["a"], "b"), node("MatMul", ["b", "x"], "y")], tensors)
    save_onnx(bad / "bias.onnx", [first, node("Add", ["a", "w2"], "y")], tensors)
    save_onnx(bad / "two_inputs.onnx", [first], tensors, outputs=("a",), inputs=("x", "z"))
    save_onnx(bad / "two_outputs.onnx", [first], tensors, outputs=("a", "a"))
    save_onnx(bad / "nothing.onnx", [node("Identity", ["x"], "y")], tensors)
    save_onnx(bad / "integers.onnx", [first], [raw("w1", np.ones((3, 5), np.int64))], outputs=("a",))
    short = raw("w1", W1)
    short.raw_data = short.raw_data[:-1]
    save_onnx(bad / "short.onnx", [first], [short], outputs=("a",))

    def field(number, content):
        size = len(content)
        digits = []
        while size >= 128:
            digits.append(size % 128 + 128)
            size //= 128
        return bytes([number * 8 + 2, *digits, size]) + content

    graph = b""
    for _ in range(1000):  # a graph in an attribute of a node of a graph in ...
        graph = field(1, field(5, field(6, graph)))
    (bad / "deep.onnx").write_bytes(field(7, graph))


class Global:
    """Pickled as the name of something in another module, which need not be there."""

    def __init__(self, module, name):
        self.module, self.name = module, name


class Call:
    """Pickled as a call."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments


class Storage:
    def __init__(self, key, count, kind="FloatStorage"):
        self.id = ("storage", Global("torch", kind), str(key), "cpu", count)


class TorchPickler(pickle._Pickler):
    """Writes what torch.save writes, without torch."""

    def persistent_id(self, value):
        return value.id if isinstance(value, Storage) else None

    def save(self, value, *rest, **more):
        if isinstance(value, Global):
            self.write(f"c{value.module}\n{value.name}\n".encode())
        elif isinstance(value, Call):
            self.save(value.function)
            self.save(value.arguments)
            self.write(b"R")
        else:
            super().save(value, *rest, **more)


def tensor(key, array, shape=None, strides=None, kind="FloatStorage", offset=0):
    strides = strides if strides is not None else [size // array.itemsize for size in array.strides]
    return Call(Global("torch._utils", "_rebuild_tensor_v2"), Storage(key, array.size, kind), offset,
                tuple(shape or array.shape), tuple(strides), False, collections.OrderedDict())


def save_torch(path, value, storages, protocol=2, extra=None, prefix="archive"):
    out = io.BytesIO()
    TorchPickler(out, protocol).dump(value)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{prefix}/data.pkl", out.getvalue())
        for key, array in enumerate(storages):
            archive.writestr(f"{prefix}/data/{key}", array.tobytes())
        for name, content in (extra or {}).items():
            archive.writestr(f"{prefix}/{name}", content)


def write_torch(good, bad):
    arrays = [W1, B1, W2, B2]
    names = ["in.weight", "in.bias", "hidden.weight", "hidden.bias"]
    state = collections.OrderedDict((name, tensor(i, array)) for i, (name, array) in enumerate(zip(names, arrays)))
    for protocol in (2, 3, 4):
        save_torch(good / f"protocol{protocol}.pt", state, arrays, protocol)
    save_torch(good / "checkpoint.pth", {"epoch": 3, "rate": 0.5, "model": dict(state), "done": True}, arrays,
               extra={"byteorder": "little", "version": "3\n"})
    # All in one storage of float64, the first weight column by column, one tensor a parameter.
    flat = np.concatenate([W1.T.flatten(), B1, W2.flatten(), B2]).astype(np.float64)
    parts = [((5, 3), (1, 5), 0), ((5,), (1,), 15), ((2, 5), (5, 1), 20), ((2,), (1,), 30)]
    shared = {name: tensor(0, flat, shape, strides, "DoubleStorage", offset)
              for name, (shape, strides, offset) in zip(names, parts)}
    shared["in.weight"] = Call(Global("torch._utils", "_rebuild_parameter"), shared["in.weight"], True,
                               collections.OrderedDict())
    save_torch(good / "shared.pt", shared, [flat])
    long = collections.OrderedDict((250 * "x" + name, tensor) for name, tensor in state.items())
    save_torch(good / "long_names.pt", long, arrays, prefix=250 * "x")

    save_torch(bad / "half.pt", {"w": tensor(0, W1, kind="HalfStorage")}, [W1])
    save_torch(bad / "whole_model.pt", Call(Global("torch.nn.modules.container", "Sequential")), [])
    save_torch(bad / "no_tensors.pt", {"epoch": 3}, [])
    save_torch(bad / "mixed.pt", {"w": tensor(0, W1), "epoch": 3}, [W1])
    save_torch(bad / "beyond.pt", {"w": tensor(0, W1, shape=(5, 4), strides=(4, 1))}, [W1])
    save_torch(bad / "stride.pt", {"w": tensor(0, W1, strides=(2**40, 1))}, [W1])
    save_torch(bad / "huge.pt", {"w": tensor(0, W1, shape=(2**20, 2**20), strides=(0, 0))}, [W1])
    save_torch(bad / "no_storage.pt", {"w": tensor(7, W1)}, [W1])
    save_torch(bad / "big_endian.pt", state, arrays, extra={"byteorder": "big"})
    save_torch(bad / "script.pt", state, arrays, extra={"constants.pkl": ""})
    itself = {}
    itself["itself"] = itself
    save_torch(bad / "cycle.pt", itself, [])
    save_torch(bad / "many.pt", {i: None for i in range(4097)}, [])
    pickles = {
        "opcode": b"\x80\x02i",
        "endless": b"\x80\x02}",
        "empty_stack": b"\x80\x02s.",
        "deep": b"\x80\x02" + 100000 * b"]" + 99999 * b"a" + b".",
        "large": b"\x80\x02" + 2**22 * b"N",
        "doubling": b"\x80\x04ca\nb\n" + 100 * b"q\0h\0\x93" + b".",
        "long_name": b"\x80\x04" + 2 * (b"\x8c\xff" + 255 * b"x") + b"\x93.",
    }
    for name, content in pickles.items():
        with zipfile.ZipFile(bad / f"{name}.pt", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("archive/data.pkl", content)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    good, bad = Path(sys.argv[1]) / "good", Path(sys.argv[1]) / "bad"
    for folder in (good, bad):
        folder.mkdir(parents=True, exist_ok=True)
    write_npz(good, bad)
    write_onnx(good, bad)
    write_torch(good, bad)


if __name__ == "__main__":
    main()
