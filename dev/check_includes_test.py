import tempfile
import unittest
from pathlib import Path

import check_includes

HOUSE = {
    "src/optinc/base/CMakeLists.txt": "optinc_module(base LIBRARIES fmt::fmt)",
    "src/optinc/codec/CMakeLists.txt": "optinc_module(codec DEPENDS base LIBRARIES PkgConfig::HWY)",
    "src/optinc/device/CMakeLists.txt": "optinc_module(device DEPENDS codec)",
    "src/optinc/design/CMakeLists.txt": "optinc_module(design DEPENDS device)",
    "src/optinc/collective/CMakeLists.txt": "optinc_module(collective DEPENDS device)",
}


class CheckIncludes(unittest.TestCase):
    def offences(self, files):
        with tempfile.TemporaryDirectory() as root:
            for path, text in {**HOUSE, **files}.items():
                file = Path(root, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
            return check_includes.check(Path(root))

    def assert_one(self, files, *parts):
        offences = self.offences(files)
        self.assertEqual(len(offences), 1, offences)
        for part in parts:
            self.assertIn(part, offences[0])

    def test_own_folder_and_what_arrows_reach_are_fine(self):
        files = {
            "src/optinc/device/unit.cc": '#include "optinc/device/unit.h"\n\n#include <vector>\n'
            '#include "optinc/codec/pam4.h"\n  #  include "optinc/base/error.h"\n',
            "src/optinc/workload/train.cc": "#include <torch/torch.h>\n",
            "src/optinc/collective/mpi_transport.cc": "#include <mpi.h>\n",
            "tests/mpi/ring.cc": '#include <mpi.h>\n#include "optinc/design/design.h"\n',
        }
        self.assertEqual(self.offences(files), [])

    def test_include_against_an_arrow(self):
        self.assert_one(
            {"src/optinc/codec/pam4.cc": '// first\n#include "optinc/device/unit.h"\n'},
            "src/optinc/codec/pam4.cc:2: optinc/device/unit.h: missing arrow codec -> device",
        )

    def test_tests_and_benchmarks_follow_the_arrows_too(self):
        self.assert_one({"src/optinc/base/x.test.cc": '#include "optinc/codec/y.h"\n'}, "missing arrow base -> codec")
        self.assert_one({"src/optinc/base/x.perf.cc": '#include "optinc/codec/y.h"\n'}, "missing arrow base -> codec")

    def test_folder_without_a_module(self):
        self.assert_one({"src/optinc/mesh/m.cc": '#include "optinc/base/error.h"\n'}, "missing arrow mesh -> base")

    def test_circle(self):
        circle = {"src/optinc/base/CMakeLists.txt": "optinc_module(base DEPENDS device)"}
        self.assert_one(circle, "circle: base -> device -> codec -> base")

    def test_arrow_to_nowhere(self):
        self.assert_one({"src/optinc/onn/CMakeLists.txt": "optinc_module(onn DEPENDS base optics)"}, "DEPENDS optics")

    def test_paths_are_written_from_src_in_quotes(self):
        self.assert_one({"src/optinc/base/a.cc": '#include "error.h"\n'}, 'expected the path from src')
        self.assert_one({"src/optinc/base/a.cc": "#include <optinc/base/error.h>\n"}, "expected quotes")

    def test_mpi_stays_in_its_files(self):
        message = "MPI's headers belong"
        self.assert_one({"src/optinc/collective/ring.cc": "#include <mpi.h>\n"}, "ring.cc:1: mpi.h", message)
        self.assert_one({"src/optinc/collective/mpi_transport.h": "#include <mpi.h>\n"}, message)
        self.assert_one({"tests/golden/run.cc": "#include <mpi.h>\n"}, message)

    def test_torch_stays_in_few_source_files(self):
        self.assert_one({"src/optinc/device/a.cc": "#include <ATen/ATen.h>\n"}, "belong in backend, workload")
        self.assert_one({"src/optinc/workload/a.h": "#include <torch/torch.h>\n"}, "do not belong in a header")

    def test_backend_has_headers_with_torch_that_others_leave_alone(self):
        files = {
            "src/optinc/backend/CMakeLists.txt": "optinc_module(backend DEPENDS base)",
            "src/optinc/cli/CMakeLists.txt": "optinc_module(cli DEPENDS backend)",
            "src/optinc/backend/work.h": "#include <torch/csrc/work.hpp>\n",
            "src/optinc/backend/group.h": '#include "optinc/backend/work.h"\n',
            "src/optinc/backend/plain.h": "#include <memory>\n",
            "src/optinc/backend/plain.cc": '#include "optinc/backend/group.h"\n',
            "src/optinc/cli/a.cc": '#include "optinc/backend/plain.h"\n',
        }
        self.assertEqual(self.offences(files), [])
        files["src/optinc/cli/a.cc"] += '#include "optinc/backend/group.h"\n'
        self.assert_one(files, "cli/a.cc:2: optinc/backend/group.h: LibTorch's headers are in it")

    def test_depends_over_several_lines_with_comments(self):
        cmake = "set(x)\noptinc_module(onn\n  DEPENDS base  # errors\n          codec\n  LIBRARIES onnx ${more})\n"
        self.assertEqual(check_includes.read_depends(cmake), ["base", "codec"])

    def test_depends_by_way_of_a_variable(self):
        cmake = "set(folders base onn)\nif(X)\n  list(APPEND folders design)\nendif()\noptinc_module(cli DEPENDS ${folders})\n"
        self.assertEqual(check_includes.read_depends(cmake), ["base", "onn", "design"])


if __name__ == "__main__":
    unittest.main()
