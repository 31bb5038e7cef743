import unittest

import numpy as np
import optinc


def blocks_of(array, block):
    flat = array.reshape(-1)
    return [flat[i : i + block] for i in range(0, len(flat), block)]


def absmax16(values):
    """The largest |x| as a bfloat16 rounded up: its code."""
    if not np.all(np.isfinite(values)):
        return 0x7FC0
    bits = int(np.abs(values).max().view(np.uint32))
    return min((bits + 0xFFFF) >> 16, 0x7F7F)


def step_of(scale, bits):
    return float(np.uint32(scale << 16).view(np.float32)) / (2 ** (bits - 1) - 1)


class Quantise(unittest.TestCase):
    def test_is_that_of_numpy(self):
        random = np.random.default_rng(1)
        for bits, block, shape in ((8, 256, (3, 333)), (4, 7, (50,)), (16, 64, (2, 3, 40))):
            array = (random.normal(size=shape) * 10.0 ** random.integers(-3, 3, size=shape)).astype(np.float32)
            codes, scales = optinc.quantise(array, bits=bits, block=block)
            self.assertEqual((codes.shape, codes.dtype, scales.dtype), (shape, np.uint32, np.uint16))
            largest, offset = 2 ** (bits - 1) - 1, 2 ** (bits - 1)
            expected_codes, expected_values = [], []
            for values, scale in zip(blocks_of(array, block), scales, strict=True):
                self.assertEqual(scale, absmax16(values))
                step = step_of(int(scale), bits)
                quanta = np.clip(np.rint(values.astype(np.float64) / step), -largest, largest)
                expected_codes.append(quanta + offset)
                expected_values.append((quanta * step).astype(np.float32))
            np.testing.assert_array_equal(codes.reshape(-1), np.concatenate(expected_codes))
            values = optinc.dequantise(codes, scales, bits=bits, block=block)
            self.assertEqual((values.shape, values.dtype), (shape, np.float32))
            np.testing.assert_array_equal(values.reshape(-1), np.concatenate(expected_values))

    # 1.0 has the exponent field 127: step = 2^(127 - 126) / 2^7.
    def test_exponent8(self):
        codes, scales = optinc.quantise([1.0, -0.5, 0.0], scale_format="exponent8")
        np.testing.assert_array_equal(scales, [127])
        np.testing.assert_array_equal(codes, [128 + 64, 128 - 32, 128])
        np.testing.assert_array_equal(optinc.dequantise(codes, scales, scale_format="exponent8"), [1.0, -0.5, 0.0])

    def test_shared_scales(self):
        first, second = np.full(4, 0.5, np.float32), np.full(4, 2.0, np.float32)
        shared = np.maximum(optinc.local_scales(first), optinc.local_scales(second))
        codes, scales = optinc.quantise(first, scales=shared)
        np.testing.assert_array_equal(scales, shared)
        np.testing.assert_array_equal(codes, [128 + 32] * 4)  # 0.5 / (2 / 127) = 31.75

    # Unbiased: the mean over many elements comes near to the value, which half-even rounding misses.
    def test_stochastic_rounding(self):
        array = np.full(100000, 0.3, np.float32)
        array[::256] = 127
        codes, _ = optinc.quantise(array, rounding="stochastic", seed=4)
        mean = np.delete(codes, np.s_[::256]).mean() - 128
        self.assertAlmostEqual(mean, 0.3, delta=0.01)
        part, _ = optinc.quantise(array[512:], rounding="stochastic", seed=4, first_element=512)
        np.testing.assert_array_equal(part, codes[512:])

    def test_non_finite_blocks(self):
        codes, scales = optinc.quantise([1.0, np.nan, 3.0, 4.0], block=2)
        np.testing.assert_array_equal(scales, [0x7FC0, absmax16(np.array([3, 4], np.float32))])
        np.testing.assert_array_equal(np.isnan(optinc.dequantise(codes, scales, block=2)), [True, True, False, False])

    def test_gain(self):
        codes, scales = optinc.quantise([1.0, 0.5])
        np.testing.assert_array_equal(
            optinc.dequantise(codes, scales, gain=2), 2 * optinc.dequantise(codes, scales)
        )

    def test_nothing(self):
        codes, scales = optinc.quantise([])
        self.assertEqual((codes.shape, scales.shape, optinc.dequantise(codes, scales).shape), ((0,), (0,), (0,)))

    def test_what_can_t_be_quantised(self):
        for call, message in (
            (lambda: optinc.quantise([1.0], bits=33), "bits 33: expected 2 to 32"),
            (lambda: optinc.quantise([1.0], block=0), "block 0: expected 1"),
            (lambda: optinc.quantise([1.0], scale_format="fp8"), "fp8"),
            (lambda: optinc.quantise([1.0], rounding="up"), "up"),
            (lambda: optinc.quantise([1.0], scales=[1, 2]), "2"),
            (lambda: optinc.dequantise([256], [16256]), "code 256: expected 0 .. 255"),
            (lambda: optinc.dequantise([-1], [16256]), "code -1: expected 0 .. 255"),
            (lambda: optinc.dequantise([1], [70000]), "scale code 70000"),
            (lambda: optinc.dequantise([1.5], [16256]), "code of type float64: expected whole numbers"),
            (lambda: optinc.dequantise([1], [16256], gain=0), "gain 0"),
        ):
            with self.assertRaisesRegex(ValueError, message):
                call()


class Pack(unittest.TestCase):
    def test_8_bits_are_the_bytes(self):
        np.testing.assert_array_equal(optinc.pack([0, 200, 255]), [0, 200, 255])

    # 5 bits have 3 symbols: 0b10_01_11 -> 2 1 3, hence 10 01 11 | 00 00 01 and 4 zero bits left.
    def test_symbols_without_gaps(self):
        np.testing.assert_array_equal(optinc.pack([0b00111, 0b10001], bits=5), [0b00_01_11_01, 0b00_01_00_00])

    def test_unpack_is_the_inverse(self):
        random = np.random.default_rng(2)
        for bits in range(2, 33):
            codes = random.integers(0, 2**bits, size=101, dtype=np.uint64)
            packed = optinc.pack(codes, bits=bits)
            self.assertEqual((packed.dtype, len(packed)), (np.uint8, -(-101 * ((bits + 1) // 2) // 4)))
            np.testing.assert_array_equal(optinc.unpack(packed, bits=bits, count=101), codes)
        self.assertEqual(len(optinc.unpack(optinc.pack([1, 2, 3], bits=4), bits=4)), 4)  # 6 symbols in 2 bytes

    def test_what_can_t_be_packed(self):
        with self.assertRaisesRegex(ValueError, "code 300: expected 0 .. 255"):
            optinc.pack([1, 300])
        with self.assertRaisesRegex(ValueError, "bits 1: expected 2 to 32"):
            optinc.pack([1], bits=1)
        with self.assertRaisesRegex(ValueError, "count 9: expected 0 .. 2"):
            optinc.unpack([1, 2], count=9)


if __name__ == "__main__":
    unittest.main()
