import unittest

import numpy as np
import optinc
from common import DESIGNS


def gradients(servers, count, seed=1):
    random = np.random.default_rng(seed)
    return [random.normal(size=count).astype(np.float32) for _ in range(servers)]


class Fabric(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.design = optinc.load_design(DESIGNS / "b8-n4.safetensors")
        cls.codes = np.random.default_rng(3).integers(0, 256, size=(4, 5000))

    def test_average_is_the_floor_of_the_mean(self):
        for evaluation in ("integer", "onn", "every-symbol"):
            fabric = optinc.Fabric(self.design, evaluation=evaluation)
            self.assertEqual((fabric.ports, fabric.bits, fabric.rounding), (4, 8, "floor"))
            self.assertEqual(fabric.evaluation, evaluation)
            np.testing.assert_array_equal(fabric.average(self.codes), self.codes.sum(axis=0) // 4)

    def test_auto_is_integer_for_a_design_that_is_right(self):
        self.assertEqual(optinc.Fabric(self.design).evaluation, "integer")

    # Idle ports say 128.
    def test_idle_ports(self):
        average = optinc.Fabric(self.design, evaluation="onn").average(self.codes[:3])
        np.testing.assert_array_equal(average, (self.codes[:3].sum(axis=0) + 128) // 4)

    def test_a_cascade_averages_16(self):
        level_1, level_2 = (optinc.load_design(DESIGNS / f"b8-n4-cascade-{n}.safetensors") for n in (1, 2))
        codes = np.random.default_rng(4).integers(0, 256, size=(16, 300))
        for evaluation in ("auto", "onn"):
            fabric = optinc.Fabric(level_2, level_1=level_1, evaluation=evaluation)
            self.assertEqual(fabric.ports, 16)
            np.testing.assert_array_equal(fabric.average(codes), codes.sum(axis=0) // 16)

    def test_what_is_no_fabric(self):
        level_1 = optinc.load_design(DESIGNS / "b8-n4-cascade-1.safetensors")
        fabric = optinc.Fabric(self.design)
        for call, message in (
            (lambda: optinc.Fabric(level_1), "cascade-level-1"),
            (lambda: optinc.Fabric(self.design, evaluation="guess"), "guess"),
            (lambda: optinc.Fabric(self.design, mode="loose"), "loose"),
            (lambda: fabric.average([[1], [2], [3], [4], [5]]), "5"),
            (lambda: fabric.average([[256]]), "code 256: expected 0 .. 255"),
            (lambda: fabric.average([1, 2]), r"shape \(2,\): expected \(servers, n\)"),
        ):
            with self.assertRaisesRegex(ValueError, message):
                call()


class AllReduce(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.design = optinc.load_design(DESIGNS / "b8-n4.safetensors")

    # Shared scales, codes, the floor of their mean, dequantised: all in NumPy's hands.
    def test_the_optics_are_codec_and_floor(self):
        arrays = gradients(4, 3000)
        scales = np.max([optinc.local_scales(array) for array in arrays], axis=0)
        codes = [optinc.quantise(array, scales=scales)[0] for array in arrays]
        expected = optinc.dequantise(np.sum(codes, axis=0, dtype=np.int64) // 4, scales)
        for design in (self.design, optinc.Fabric(self.design, evaluation="onn")):
            result, statistics = optinc.all_reduce(arrays, design)
            np.testing.assert_array_equal(result, expected)
            self.assertEqual(result.dtype, np.float32)
            # 8 of 32 bits, and 2 bytes of scale for each of 12 blocks.
            self.assertEqual((statistics["payload_bytes"], statistics["wire_bytes"]), (12000, 3000 + 24))
            self.assertEqual((statistics["servers"], statistics["non_finite_blocks"]), (4, 0))

    def test_shapes_and_types(self):
        arrays = [array.reshape(10, 20, 5) for array in gradients(3, 1000)]
        result, _ = optinc.all_reduce(arrays, self.design)
        self.assertEqual(result.shape, (10, 20, 5))
        np.testing.assert_allclose(result, np.mean(arrays, axis=0), atol=0.05)
        turned = [np.asfortranarray(array.astype(np.float64)) for array in arrays]
        np.testing.assert_array_equal(optinc.all_reduce(turned, self.design)[0], result)
        half, _ = optinc.all_reduce([array.astype(np.float16) for array in arrays], self.design)
        self.assertEqual(half.dtype, np.float16)
        np.testing.assert_allclose(half, result, atol=0.05)
        self.assertEqual(optinc.all_reduce([[], []], self.design)[0].shape, (0,))

    def test_inputs_stay(self):
        arrays = gradients(2, 600)
        copies = [array.copy() for array in arrays]
        optinc.all_reduce(arrays, self.design)
        np.testing.assert_array_equal(arrays, copies)

    def test_sum_is_the_average_by_the_servers(self):
        arrays = gradients(4, 500)
        average, _ = optinc.all_reduce(arrays, self.design)
        total, _ = optinc.all_reduce(arrays, self.design, op="sum")
        np.testing.assert_array_equal(total, 4 * average)

    # Whole numbers are exact whatever the order.
    def test_electrical_algorithms(self):
        arrays = [np.arange(100) + server for server in range(5)]
        for algorithm in ("ring", "rabenseifner", "tree"):
            total, statistics = optinc.all_reduce(arrays, op="sum", algorithm=algorithm)
            np.testing.assert_array_equal(total, 5 * np.arange(100) + 10)
            self.assertGreater(statistics["wire_bytes"], 400)

    def test_nan_is_seen_by_all(self):
        arrays = gradients(4, 600)
        arrays[2][300] = np.nan
        result, statistics = optinc.all_reduce(arrays, self.design)
        self.assertEqual(statistics["non_finite_blocks"], 1)
        np.testing.assert_array_equal(np.flatnonzero(np.isnan(result)), np.arange(256, 512))

    # What quantising leaves over goes in the next time: the mean of many calls comes nearer than that of one.
    def test_error_feedback(self):
        fabric = optinc.Fabric(optinc.load_design(DESIGNS / "b8-n4-nearest.safetensors"))
        arrays = gradients(4, 256)
        residuals = [np.zeros(256, np.float32) for _ in arrays]
        plain, _ = optinc.all_reduce(arrays, fabric)
        first, _ = optinc.all_reduce(arrays, fabric, residuals=residuals)
        np.testing.assert_array_equal(first, plain)
        scales = np.max([optinc.local_scales(array) for array in arrays], axis=0)
        for array, residual in zip(arrays, residuals):
            sent = optinc.dequantise(optinc.quantise(array, scales=scales)[0], scales)
            np.testing.assert_allclose(residual, array - sent, atol=1e-6)
            self.assertGreater(np.abs(residual).max(), 1e-3)

    def test_random_bits_go_by_place(self):
        arrays = gradients(4, 1024)
        options = {"rounding": "stochastic", "seed": 7}
        whole, _ = optinc.all_reduce(arrays, self.design, **options)
        part, _ = optinc.all_reduce([array[512:] for array in arrays], self.design, first_element=512, **options)
        np.testing.assert_array_equal(part, whole[512:])

    def test_what_can_t_be_reduced(self):
        arrays = gradients(4, 10)
        for call, message in (
            (lambda: optinc.all_reduce([], self.design), "no arrays"),
            (lambda: optinc.all_reduce(arrays), "expected a design or a fabric"),
            (lambda: optinc.all_reduce(arrays + arrays[:1], self.design), "5"),
            (lambda: optinc.all_reduce([arrays[0], arrays[1][:9]], self.design), r"rank 1 of shape \(9,\): expected \(10,\)"),
            (lambda: optinc.all_reduce(arrays, self.design, op="max"), "max"),
            (lambda: optinc.all_reduce(arrays, algorithm="star"), "star"),
            (lambda: optinc.all_reduce(arrays, self.design, residuals=arrays[:1]), "1 residuals: expected one for each of 4"),
            (lambda: optinc.all_reduce(arrays, self.design, residuals=[np.zeros(10)] * 4), "residual of rank 0: expected a"),
            (lambda: optinc.all_reduce(arrays, self.design, block=0), "block 0"),
        ):
            with self.assertRaisesRegex(ValueError, message):
                call()


if __name__ == "__main__":
    unittest.main()
