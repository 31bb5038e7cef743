import tempfile
import unittest
from pathlib import Path

import numpy as np
import optinc
from common import DESIGNS


class Compile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.design = optinc.load_design(DESIGNS / "b8-n4.safetensors")
        cls.program = optinc.compile(cls.design)

    def test_stages_are_p_the_layers_and_t(self):
        program = self.program
        self.assertEqual([stage.name for stage in program.stages], ["P", "1", "2", "3", "4", "5", "6", "T"])
        self.assertEqual((program.design, program.bits, program.servers, program.inputs), ("b8-n4", 8, 4, 4))
        self.assertEqual((program.area_mzi, program.placed_mzi), (41936, 41720))
        self.assertEqual(sum(stage.counts()["mzis"] for stage in program.stages), 41720)

    def test_transfer_matrices_are_the_weights(self):
        for stage, (weight, bias) in zip(self.program.stages[1:-1], self.design.layers):
            self.assertLess(np.abs(stage.matrix() - weight).max(), 1e-6)
            np.testing.assert_array_equal(stage.bias, bias)
        # P: the mean over 4 servers of each of 4 symbols; T: copies for 4 servers.
        np.testing.assert_allclose(self.program.stages[0].matrix(), np.kron(np.eye(4), np.ones((1, 4)) / 4), atol=1e-12)
        np.testing.assert_allclose(self.program.stages[-1].matrix(), np.kron(np.eye(4), np.ones((4, 1))), atol=1e-12)

    # W = gain / sqrt(splits) * stacked diag(attenuation) first, from the arrays alone.
    def test_a_matrix_from_phases(self):
        stage = self.program.stages[1]
        rows = [np.sin(b.attenuators.theta / 2)[:, None] * np.abs(b.first.matrix()) for b in stage.blocks]
        expected = stage.gain / np.sqrt(len(rows)) * np.concatenate(rows)
        np.testing.assert_allclose(np.abs(stage.matrix()), expected, atol=1e-9)
        self.assertIsNone(stage.blocks[0].second)
        self.assertLessEqual(np.abs(np.linalg.svd(stage.blocks[0].first.matrix())[1]).max(), 1 + 1e-12)

    def test_phases_are_views_that_outlive_the_program(self):
        theta = optinc.compile(self.design, threads=1).stages[3].blocks[1].first.theta
        np.testing.assert_array_equal(theta, self.program.stages[3].blocks[1].first.theta)
        self.assertEqual((theta.shape, theta.dtype), ((128 * 127 // 2,), np.float64))
        self.assertTrue(np.all((theta >= 0) & (theta < 2 * np.pi)))
        with self.assertRaisesRegex(ValueError, "read-only"):
            theta[0] = 1

    def test_files_read_back(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("p.json", "p.npz"):
                path = Path(folder) / name
                self.program.save(path)
                self.assertEqual(optinc.load_program(path), self.program)
            with np.load(Path(folder) / "p.npz") as arrays:
                np.testing.assert_array_equal(
                    arrays["stage_1.block_0.first.theta"], self.program.stages[1].blocks[0].first.theta
                )
            self.program.save(Path(folder) / "p.yml")
            self.assertIn("optinc-netlist/1", (Path(folder) / "p.yml").read_text()[:2000])
            with self.assertRaisesRegex(ValueError, "p.txt: expected a name that ends in"):
                self.program.save(Path(folder) / "p.txt")
        with self.assertRaisesRegex(ValueError, "p.json: no such file"):
            optinc.load_program(Path(folder) / "p.json")

    def test_3_mzis(self):
        program = optinc.compile(self.design, layout="triangular", cell="3-mzi", name="other")
        self.assertEqual(program.design, "other")
        mesh = program.stages[2].blocks[0].first
        self.assertEqual((mesh.layout, mesh.cell, mesh.size), ("triangular", "3-mzi", 64))
        self.assertNotEqual(program, self.program)
        with self.assertRaises(ValueError):
            optinc.compile(self.design, cell="3-mzi")

    def test_decompose(self):
        fourier = np.fft.fft(np.eye(16)) / 4
        for layout in ("rectangular", "triangular"):
            mesh = optinc.decompose(fourier, layout=layout)
            self.assertEqual(len(mesh.theta), 120)
            self.assertEqual(sum(count for _, count, _ in mesh.columns()), 120)
            np.testing.assert_allclose(mesh.matrix(), fourier, atol=1e-13)
        np.testing.assert_array_equal(optinc.decompose([[1.0]]).matrix(), [[1]])
        with self.assertRaisesRegex(ValueError, "3 x 3 matrix: .* is 3, expected at most 1e-09"):
            optinc.decompose(np.ones((3, 3)))
        with self.assertRaisesRegex(ValueError, r"shape \(2, 3\)"):
            optinc.decompose(np.ones((2, 3)))
        with self.assertRaisesRegex(ValueError, "layout 'round': expected rectangular or triangular"):
            optinc.decompose(np.eye(2), layout="round")


class Hardware(unittest.TestCase):
    def test_presets(self):
        self.assertIn("silicon", optinc.hardware_presets())
        for name in optinc.hardware_presets():
            self.assertEqual(optinc.Hardware(name).name, name)
        self.assertEqual(optinc.Hardware().differences(), {})

    def test_values_over_a_preset(self):
        silicon = optinc.Hardware("silicon")
        changed = optinc.Hardware("silicon", {"coupler.imbalance_rms_rad": 0.01, "activation.kind": "electro_optic"})
        self.assertEqual(silicon["coupler.imbalance_rms_rad"], 0.02)
        self.assertEqual(changed["coupler.imbalance_rms_rad"], 0.01)
        self.assertEqual(changed["activation.kind"], "electro_optic")
        self.assertEqual(changed, silicon.replace({"coupler.imbalance_rms_rad": 0.01, "activation.kind": "electro_optic"}))
        self.assertNotEqual(changed, silicon)

    def test_toml_reads_back(self):
        silicon = optinc.Hardware("silicon")
        self.assertEqual(optinc.Hardware.from_toml(silicon.to_toml()), silicon)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "mine.toml"
            path.write_text(silicon.to_toml())
            self.assertEqual(optinc.Hardware(str(path)), silicon)

    def test_what_is_no_hardware(self):
        for make, message in (
            (lambda: optinc.Hardware("germanium"), "germanium"),
            (lambda: optinc.Hardware("ideal", {"coupler.colour": 1}), "coupler.colour: no such value"),
            (lambda: optinc.Hardware("ideal", {"coupler.loss_db": -1}), "-1"),
            (lambda: optinc.Hardware("ideal", {"coupler.loss_db": "much"}), "'much': expected a number"),
            (lambda: optinc.Hardware("ideal", {"activation.kind": "tanh"}), "tanh"),
            (lambda: optinc.Hardware()["coupler"], "coupler: no such value"),
            (lambda: optinc.Hardware.from_toml("[coupler]\ncolour = 1\n"), "colour"),
        ):
            with self.assertRaisesRegex(ValueError, message):
                make()


class Simulate(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.design = optinc.load_design(DESIGNS / "b8-n4.safetensors")
        cls.program = optinc.compile(cls.design)

    def test_an_ideal_chip_gives_the_design_s_symbols(self):
        found = optinc.simulate(self.program, self.design)
        np.testing.assert_array_equal(found.exact_symbol_rates, [1.0])
        chip = found.chips[0]
        self.assertEqual((chip.inputs, chip.codes, chip.symbols), (28561, 4 * 28561, 16 * 28561))
        self.assertEqual((chip.wrong, chip.wrong_codes, chip.wrong_symbols, chip.different), (0, 0, 0, 0))
        self.assertLess(chip.largest_difference, 1e-3)
        self.assertEqual((found.exact_symbol_rate, found.chip_yield, found.errors), (1.0, 1.0, {}))

    def test_real_chips(self):
        hardware = optinc.Hardware("ideal", {"coupler.imbalance_rms_rad": 0.02})
        calls = []
        found = optinc.simulate(
            self.program, hardware=hardware, chips=4, sample=2000, threshold=0.5, progress=lambda *c: calls.append(c)
        )
        rates = found.exact_symbol_rates
        self.assertEqual(rates.shape, (4,))
        self.assertTrue(np.all((0 < rates) & (rates < 1)))
        self.assertAlmostEqual(found.exact_symbol_rate, rates.mean())
        self.assertEqual(found.chip_yield, np.mean(rates >= 0.5))
        self.assertLess(found.rate_interval[0], found.rate_interval[1])
        self.assertEqual(sum(chip.wrong for chip in found.chips), found.to_dict()["wrong"])
        self.assertEqual(len(found.to_dict()["of_chips"]), 4)
        self.assertEqual(calls[-1], (4, 4))

    # A chip is a function of seed and number, whatever the threads.
    def test_the_same_seed_gives_the_same_chips(self):
        conditions = {"hardware": "shen-2017", "sample": 500, "correction": "self-configured"}
        first = optinc.simulate(self.program, chips=3, seed=5, threads=1, **conditions)
        again = optinc.simulate(self.program, chips=2, seed=5, threads=2, **conditions)
        np.testing.assert_array_equal(first.exact_symbol_rates[:2], again.exact_symbol_rates)
        self.assertEqual(first.chips[1].errors, again.chips[1].errors)

    def test_link_budget(self):
        budget = optinc.link_budget(self.program, "silicon")
        self.assertEqual([stage["name"] for stage in budget["stages"]], [stage.name for stage in self.program.stages])
        self.assertGreater(budget["heater_power_w"], 100)

    def test_what_can_t_be_simulated(self):
        other = optinc.load_design(DESIGNS / "b8-n4-nearest.safetensors")
        for run, message in (
            (lambda: optinc.simulate(self.program, other), "design b8-n4-nearest: expected one for the device"),
            (lambda: optinc.simulate(self.program, chips=0), "chips 0: expected 1"),
            (lambda: optinc.simulate(self.program, threshold=2), "threshold 2: expected a rate"),
            (lambda: optinc.simulate(self.program, correction="magic"), "magic"),
            (lambda: optinc.simulate(self.program, hardware="germanium"), "germanium"),
        ):
            with self.assertRaisesRegex(ValueError, message):
                run()


if __name__ == "__main__":
    unittest.main()
