import unittest
from pathlib import Path
from unittest import mock

import torch.distributed as dist

import optinc.torch
from common import DESIGNS


class Options(unittest.TestCase):
    def tearDown(self):
        optinc.torch.configure(**{name: None for name in optinc.torch._NAMES})

    def test_configure_before_environment_before_default(self):
        self.assertEqual(optinc.torch.options(), optinc.torch.Options())
        environment = {"OPTINC_BLOCK": "128", "OPTINC_STOCHASTIC": "true", "OPTINC_DEADLINE_S": "2.5"}
        with mock.patch.dict("os.environ", environment):
            self.assertEqual(optinc.torch.configure(block=64, design=Path("here")).block, 64)
            options = optinc.torch.options()
            self.assertEqual((options.block, options.stochastic, options.deadline_s), (64, True, 2.5))
            self.assertEqual(options.design, "here")
            self.assertEqual(optinc.torch.configure(block=None).block, 128)

    def test_what_can_t_be(self):
        for changes, message in (
            ({"blocks": 3}, "option blocks: expected one of design, level_1"),
            ({"block": "many"}, "option block = 'many': expected a whole number"),
            ({"block": 2.5}, "option block = 2.5: expected a whole number"),
            ({"stochastic": "perhaps"}, "option stochastic = 'perhaps': expected true or false"),
            ({"design": 3}, "option design = 3: expected text"),
        ):
            with self.assertRaisesRegex(ValueError, message):
                optinc.torch.configure(**changes)
        self.assertEqual(optinc.torch.options(), optinc.torch.Options())
        with mock.patch.dict("os.environ", {"OPTINC_SEED": "x"}):
            with self.assertRaisesRegex(ValueError, "OPTINC_SEED = 'x': expected a whole number"):
                optinc.torch.options()

    def group(self, size=1, **changes):
        return optinc.torch._make(dist.HashStore(), 0, size, changes, None)

    def test_what_the_library_refuses(self):
        for changes, message in (
            ({"on_fault": "pray"}, "pray.*expected abort, ring or survivors"),
            ({"evaluation": "guess"}, "guess"),
            ({"scale_format": "fp8"}, "fp8"),
            ({"block": 0}, "block of 0"),
            ({"deadline_s": 0}, "deadline of 0 s"),
            ({"design": "none.safetensors"}, "none.safetensors"),
            ({"level_1": "some.safetensors"}, "without design"),
            ({"design": DESIGNS / "b8-n4.safetensors", "size": 5}, "5 ranks through b8-n4.safetensors, which has 4 ports"),
            ({"size": 17}, "17 ranks: the designs that ship average up to 16; give design="),
        ):
            with self.subTest(changes), self.assertRaisesRegex(ValueError, message):
                self.group(**changes)

    def test_the_design_is_the_smallest_that_does(self):
        for size, name, ports in ((4, "b8-n4-nearest", 4), (5, "b8-n8-nearest", 8), (9, "b8-n4-cascade-2-nearest", 16)):
            chosen = optinc.torch._with_design(optinc.torch.Options(), size)
            self.assertEqual(Path(chosen.design).stem, name)
            description = self.group(design=chosen.design, level_1=chosen.level_1).description
            self.assertRegex(description, rf"{name}.* \({ports} ports, 8 bits, rounding nearest, evaluation integer\)")

    def test_other_groups_have_no_stats(self):
        with self.assertRaisesRegex(ValueError, 'HashStore: expected a group of the backend "optinc"'):
            optinc.torch.last_stats(dist.HashStore())


if __name__ == "__main__":
    unittest.main()
