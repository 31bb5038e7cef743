#!/usr/bin/env python3
"""Counts what ctest ran: prints `PASSED FAILED` for one `ctest --output-junit` file, and each skipped case with its name.

A GoogleTest binary is one test to ctest; here each of its cases counts. Cases are told apart by name, so that a binary run
on four MPI ranks counts once, and a case that failed on one rank has failed. A test that is not GoogleTest's counts as one,
and so does a binary that died between its cases. Skipped cases count neither way.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree

CASE = re.compile(r"\[ +(OK|FAILED|SKIPPED) +\] (\w[\w/]*\.[\w/]+)")


def count(junit):
    """An XML tree -> (passed, failed, names of skipped cases)."""
    passed, failed, skipped = 0, 0, []
    for test in junit.iter("testcase"):
        cases = {"OK": set(), "FAILED": set(), "SKIPPED": set()}
        for outcome, name in CASE.findall(test.findtext("system-out") or ""):
            cases[outcome].add(name)
        broken = cases["FAILED"]
        ok = cases["OK"] - broken
        idle = cases["SKIPPED"] - ok - broken
        itself = {test.get("name")}
        skip = test.find("skipped")
        if skip is not None and skip.get("message", "").startswith(("SKIP_", "Disabled")):
            idle |= itself
        elif test.get("status") != "run" and not broken:
            broken = itself
        elif not ok | broken | idle:
            ok = itself
        passed += len(ok)
        failed += len(broken)
        skipped += sorted(idle)
    return passed, failed, skipped


def main():
    passed, failed, skipped = count(ElementTree.parse(sys.argv[1]))
    for name in skipped:
        print(f"skipped: {name}", file=sys.stderr)
    print(passed, failed)


if __name__ == "__main__":
    main()
