import pathlib
import tempfile
import unittest

import tidy


class Tidy(unittest.TestCase):
    def test_tests_and_what_includes_libtorch_are_not_checked(self):
        self.assertTrue(tidy.is_checked(pathlib.Path("src/optinc/verify/claims.cc")))
        for path in ("src/optinc/verify/claims.test.cc", "src/optinc/mesh/light.perf.cc", "src/optinc/workload/loop.cc"):
            self.assertFalse(tidy.is_checked(pathlib.Path(path)))

    def test_dependencies_are_by_source(self):
        text = "a.cc.o: #deps 2, deps mtime 1 (VALID)\n    ../src/a.cc\n    ../src/a.h\n\nb.cc.o: #deps 1\n    /b.cc\n"
        self.assertEqual(
            tidy.parse_dependencies(text, pathlib.Path("/x/build")),
            {
                pathlib.Path("/x/src/a.cc"): [pathlib.Path("/x/src/a.cc"), pathlib.Path("/x/src/a.h")],
                pathlib.Path("/b.cc"): [pathlib.Path("/b.cc")],
            },
        )

    def test_a_key_is_the_same_in_another_clone_and_differs_with_any_file(self):
        def key(root, text, checks="checks"):
            header = root / "a.h"
            header.write_text(text)
            tidy.hash_of.cache_clear()
            return tidy.key_of(f"c++ -I{root}", [header], checks, root)

        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
            one, other = pathlib.Path(one), pathlib.Path(other)
            self.assertEqual(key(one, "int a;"), key(other, "int a;"))
            self.assertNotEqual(key(one, "int a;"), key(one, "int b;"))
            self.assertNotEqual(key(one, "int a;"), key(one, "int a;", "others"))
            self.assertIsNone(tidy.key_of("c++", [one / "gone.h"], "checks", one))


if __name__ == "__main__":
    unittest.main()
