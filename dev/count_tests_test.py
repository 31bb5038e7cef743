import unittest
import xml.etree.ElementTree as ElementTree

import count_tests


def suite(*tests):
    """(name, status, skip message or None, output) per test -> the tree that ctest writes."""
    root = ElementTree.Element("testsuite")
    for name, status, skip, output in tests:
        test = ElementTree.SubElement(root, "testcase", name=name, status=status)
        if skip:
            ElementTree.SubElement(test, "skipped", message=skip)
        ElementTree.SubElement(test, "system-out").text = output
    return root


class CountTests(unittest.TestCase):
    def test_each_case_of_a_binary_counts(self):
        output = """
[ RUN      ] Codec.RoundTrip
some output [       OK ] Codec.RoundTrip (0 ms)
[       OK ] All/Codec.Bits/12 (3 ms)
[       OK ] Typed/0.Works (0 ms)
[  FAILED  ] Codec.Odd (0 ms)
[  SKIPPED ] Codec.Corpus (0 ms)
[  PASSED  ] 3 tests.
[  SKIPPED ] 1 test, listed below:
[  SKIPPED ] Codec.Corpus
[  FAILED  ] 1 test, listed below:
[  FAILED  ] Codec.Odd
"""
        self.assertEqual(count_tests.count(suite(("codec", "fail", None, output))), (3, 1, ["Codec.Corpus"]))

    def test_ranks_count_once_and_a_failure_on_one_counts(self):
        output = "[       OK ] Mpi.Ring (0 ms)\n[       OK ] Mpi.Same (0 ms)\n" * 3 + "[  FAILED  ] Mpi.Ring (0 ms)\n"
        self.assertEqual(count_tests.count(suite(("mpi", "fail", None, output))), (1, 1, []))

    def test_a_binary_that_died_or_hung_has_failed(self):
        output = "[       OK ] Codec.First (0 ms)\n[ RUN      ] Codec.Second\n"
        self.assertEqual(count_tests.count(suite(("codec", "fail", None, output))), (1, 1, []))

    def test_other_tests_count_as_one(self):
        tests = suite(
            ("reader", "run", None, "fine"),
            ("fuzz", "fail", None, ""),
            ("browser", "notrun", "SKIP_RETURN_CODE=77", ""),
            ("gone", "notrun", "Unable to find executable", ""),
        )
        self.assertEqual(count_tests.count(tests), (1, 2, ["browser"]))


if __name__ == "__main__":
    unittest.main()
