"""Runs the sessions of doc/python.md: what they print is what is printed there."""

import doctest
import os
import tempfile
from pathlib import Path

from common import DESIGNS

folders = []


def begin(test):
    """Sessions run where a clone's root would be."""
    folders.append((os.getcwd(), tempfile.TemporaryDirectory()))
    root = Path(folders[-1][1].name)
    (root / "designs").symlink_to(DESIGNS)
    (root / "output").mkdir()
    os.chdir(root)


def end(test):
    before, folder = folders.pop()
    os.chdir(before)
    folder.cleanup()


def load_tests(loader, tests, pattern):
    document = DESIGNS.parent / "doc" / "python.md"
    return doctest.DocFileSuite(str(document), module_relative=False, setUp=begin, tearDown=end)
