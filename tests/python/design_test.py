import ast
import ctypes
import json
import multiprocessing
import os
import signal
import tempfile
import threading
import time
import unittest
from pathlib import Path

import numpy as np
import optinc
from common import DESIGNS, forward


class Design(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.design = optinc.load_design(DESIGNS / "b8-n4.safetensors")

    def test_says_what_the_file_says(self):
        design = self.design
        self.assertEqual((design.name, design.bits, design.servers, design.inputs, design.outputs), ("b8-n4", 8, 4, 4, 4))
        self.assertEqual((design.rounding, design.role, design.origin), ("floor", "single", "trained"))
        self.assertEqual(design.approximated, (1, 2, 3, 4, 5, 6))
        self.assertEqual(design.widths, (4, 64, 128, 256, 128, 64, 4))
        self.assertEqual((design.wrong, design.accuracy, design.possible_inputs), (0, 1.0, 28561))
        self.assertEqual(design.metadata["approximated"], "1-6")
        self.assertIn("8 bits, 4 servers", repr(design))

    def test_layers_are_those_of_the_file(self):
        with open(DESIGNS / "b8-n4.safetensors", "rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
            data = file.read()
        self.assertEqual(len(self.design.layers), 6)
        for number, (weight, bias) in enumerate(self.design.layers):
            for array, name in ((weight, "weight"), (bias, "bias")):
                entry = header[f"layer.{number}.{name}"]
                expected = np.frombuffer(data[slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"])
                np.testing.assert_array_equal(array, expected)
                self.assertEqual(array.dtype, np.float32)

    def test_layers_are_views_that_outlive_the_design(self):
        weight, bias = optinc.load_design(DESIGNS / "b8-n4.safetensors").layers[2]
        np.testing.assert_array_equal(weight, self.design.layers[2][0])
        with self.assertRaisesRegex(ValueError, "read-only"):
            bias[0] = 1

    def test_forward_is_that_of_numpy(self):
        levels, _ = self.design.enumerate()
        given = self.design.forward(levels)
        self.assertEqual((given.shape, given.dtype), ((28561, 4), np.float32))
        expected = forward([(w.astype(np.float64), b) for w, b in self.design.layers], levels.astype(np.float64))
        np.testing.assert_allclose(given, expected, atol=1e-4)

    def test_forward_of_a_row_depends_on_the_row_alone(self):
        levels, _ = self.design.enumerate(0, 3000)
        many = self.design.forward(levels, threads=2)
        np.testing.assert_array_equal(self.design.forward(levels[1234:1235]), many[1234:1235])
        np.testing.assert_array_equal(self.design.forward(levels[1234:1235].astype(np.float64)), many[1234:1235])
        np.testing.assert_array_equal(self.design.forward(np.asfortranarray(levels)), many)

    def test_forward_of_nothing(self):
        self.assertEqual(self.design.forward(np.zeros((0, 4))).shape, (0, 4))

    # Codes of 4 servers, joined and averaged by hand, are an input of the lattice with floor(mean) as its right code.
    def test_enumerate_has_every_average(self):
        levels, codes = self.design.enumerate()
        number = {tuple(row): index for index, row in enumerate(levels)}
        for servers in ([200, 13, 255, 0], [1, 2, 3, 5], [255, 255, 255, 254]):
            symbols = np.array([[code >> shift & 3 for shift in (6, 4, 2, 0)] for code in servers], np.float32)
            self.assertEqual(codes[number[tuple(symbols.mean(axis=0))]], sum(servers) // 4)
        np.testing.assert_array_equal(self.design.enumerate(1000, 5)[0], levels[1000:1005])

    # Table I of the paper.
    def test_area_is_the_published_one(self):
        area = self.design.area()
        self.assertEqual((area["mzis"], area["dense_mzis"]), (41936, 106784))
        self.assertAlmostEqual(area["ratio"], 0.393, places=3)
        self.assertEqual(sum(layer["mzis"] for layer in area["layers"]), 41936 - 130 - 142)

    def test_what_is_no_design(self):
        with self.assertRaisesRegex(ValueError, "none.safetensors: no such file"):
            optinc.load_design("none.safetensors")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "short.safetensors"
            path.write_bytes((DESIGNS / "b8-n4.safetensors").read_bytes()[:5000])
            with self.assertRaisesRegex(ValueError, "short.safetensors"):
                optinc.load_design(path)

    def test_arrays_of_other_shapes(self):
        with self.assertRaisesRegex(ValueError, r"shape \(2, 3\): expected \(n, 4\)"):
            self.design.forward(np.zeros((2, 3)))
        with self.assertRaisesRegex(ValueError, "count 28562: expected 0 .. 28561"):
            self.design.enumerate(0, 28562)


class Verify(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.design = optinc.load_design(DESIGNS / "b8-n4.safetensors")

    def test_every_input_is_right(self):
        found = optinc.verify(self.design)
        self.assertEqual((found.inputs, found.wrong, found.accuracy, found.errors), (28561, 0, 1.0, {}))
        self.assertEqual(found.largest_errors.shape, (4,))
        self.assertLess(found.largest_error, 0.5)
        self.assertEqual(found.to_dict()["inputs"], 28561)

    # The network floors. In a file that says `nearest` it is low by one wherever nearest rounding goes up.
    def test_errors_are_counted(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "other.safetensors"
            data = (DESIGNS / "b8-n4.safetensors").read_bytes()
            self.assertEqual(data.count(b'"rounding":"floor"'), 1)
            size = int.from_bytes(data[:8], "little")
            header = data[8 : 8 + size].rstrip().replace(b'"rounding":"floor"', b'"rounding":"nearest"')
            header += b" " * (-len(header) % 8)
            path.write_bytes(len(header).to_bytes(8, "little") + header + data[8 + size :])
            design = optinc.load_design(path)
        found = optinc.verify(design, keep_wrong=3)
        levels, codes = design.enumerate()
        floor = self.design.enumerate()[1]
        np.testing.assert_array_equal(levels, self.design.enumerate()[0])
        self.assertEqual(found.wrong, np.count_nonzero(codes != floor))
        self.assertEqual(found.errors, {-1: found.wrong})
        np.testing.assert_array_equal(found.wrong_inputs, np.flatnonzero(codes != floor)[:3])

    def test_ranges_and_samples(self):
        self.assertEqual(optinc.verify(self.design, first=28000).inputs, 561)
        self.assertEqual(optinc.verify(self.design, first=5, count=7, threads=1).inputs, 7)
        self.assertEqual(optinc.verify(self.design, sample=50000, seed=3).inputs, 50000)
        with self.assertRaisesRegex(ValueError, "first 28561: expected 0 .. 28560"):
            optinc.verify(self.design, first=28561)
        with self.assertRaisesRegex(ValueError, "count 2: expected 1 .. 1 behind input 28560"):
            optinc.verify(self.design, first=28560, count=2)
        with self.assertRaisesRegex(ValueError, "sample 5 with first or count"):
            optinc.verify(self.design, sample=5, count=1)
        with self.assertRaisesRegex(ValueError, "threads -1"):
            optinc.verify(self.design, threads=-1)


class LongCalls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.large = optinc.load_design(DESIGNS / "b8-n16.safetensors")  # a minute on every input

    def test_progress_is_told(self):
        calls = []
        optinc.verify(self.large, count=60000, progress=lambda *numbers: calls.append(numbers))
        self.assertEqual(calls[-1], (60000, 60000))
        self.assertEqual(calls, sorted(calls))

    def test_what_progress_raises_ends_it(self):
        def refuse(done, total):
            raise LookupError(f"{total}")

        start = time.monotonic()
        with self.assertRaisesRegex(LookupError, "5764801"):
            optinc.verify(self.large, progress=refuse)
        self.assertLess(time.monotonic() - start, 20)

    def test_ctrl_c_ends_it(self):
        start = time.monotonic()
        timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with self.assertRaises(KeyboardInterrupt):
            optinc.verify(self.large)
        timer.join()
        self.assertLess(time.monotonic() - start, 20)

    def test_other_threads_run_meanwhile(self):
        stop, turns = threading.Event(), []

        def turn():
            while not stop.wait(0.01):
                turns.append(time.monotonic())

        other = threading.Thread(target=turn)
        other.start()
        optinc.verify(self.large, count=100000)
        stop.set()
        other.join()
        self.assertGreater(len(turns), 5)

    # The threads that worked are not there in a forked process; it must not wait for them.
    def test_a_forked_process_can_work_too(self):
        design = optinc.load_design(DESIGNS / "b8-n4.safetensors")
        optinc.verify(design)
        with multiprocessing.get_context("fork").Pool(1) as pool:
            result = pool.apply_async(_wrong, (str(DESIGNS / "b8-n4.safetensors"),))
            self.assertEqual(result.get(timeout=60), 0)

    # NumPy uses the same OpenBLAS.
    def test_blas_has_its_threads_back(self):
        try:
            blas = ctypes.CDLL("libopenblas.so.0")
        except OSError:
            self.skipTest("no libopenblas.so.0")
        before = blas.openblas_get_num_threads()
        optinc.compile(optinc.load_design(DESIGNS / "b8-n4.safetensors"))
        self.assertEqual(blas.openblas_get_num_threads(), before)


def _wrong(path):
    return optinc.verify(optinc.load_design(path), threads=2).wrong


class Package(unittest.TestCase):
    def test_all_names_are_there_and_documented(self):
        for name in optinc.__all__:
            self.assertTrue(getattr(optinc, name).__doc__, name)

    def test_the_version_is_the_library_s(self):
        header = (DESIGNS.parent / "src/optinc/base/version.h").read_text()
        self.assertIn(f'"{optinc.__version__}"', header)

    # The type declarations name all that the extension has, and nothing else.
    def test_type_declarations_are_complete(self):
        module = ast.parse((DESIGNS.parent / "python/optinc/_core.pyi").read_text())
        classes = {node.name: node for node in module.body if isinstance(node, ast.ClassDef)}
        functions = {node.name for node in module.body if isinstance(node, ast.FunctionDef)}
        public = {name for name in dir(optinc._core) if not name.startswith("_")}
        self.assertEqual(public, set(classes) | functions)
        for name, node in classes.items():
            there = {member for member in dir(getattr(optinc._core, name)) if not member.startswith("_")}
            declared = {part.name for part in node.body if isinstance(part, ast.FunctionDef)}
            self.assertEqual(there, {part for part in declared if not part.startswith("_")}, name)


if __name__ == "__main__":
    unittest.main()
