#!/usr/bin/env python3
"""Holds the code to the arrows between folders.

    dev/check_includes.py [ROOT]

The arrows are the DEPENDS of optinc_module() in src/optinc/FOLDER/CMakeLists.txt. They must not run in a circle, and a file
includes only what is in its own folder or can be reached by them. Headers that are slow or not always there stay where they
belong: MPI's in collective/mpi_*.cc, LibTorch's in the .cc files of the folders that need it. Backend's headers may have them, too,
since its classes are derived from LibTorch's; those are not for other folders.
Prints a line per offence; exits with 1 if there is any.
"""

import re
import sys
from pathlib import Path

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
MODULE = re.compile(r"\boptinc_module\s*\(([^)]*)\)")
VARIABLE = re.compile(r"\b(?:set|list)\s*\(\s*(?:APPEND\s+)?(\w+)([^)]*)\)")
KEYWORDS = {"DEPENDS", "LIBRARIES", "TEST_LIBRARIES", "EXCLUDE"}
TORCH_HEADER = re.compile(r"(torch|ATen|c10)/")
TORCH_FOLDERS = {"workload", "backend"}
TORCH_HEADER_FOLDERS = {"backend"}
MPI_HEADER = re.compile(r"mpi(-ext)?\.h$")
MPI_FILES = re.compile(r"src/optinc/collective/mpi_\w+\.cc$|tests/(mpi|simgrid)/")


def read_depends(cmake):
    """The text of a folder's CMakeLists.txt -> the list behind DEPENDS.

    Variables stand for all that set() and list(APPEND) put into them, whatever the options: an arrow that only some builds
    have is an arrow.
    """
    cmake = re.sub(r"#.*", "", cmake)
    variables = {}
    for name, words in VARIABLE.findall(cmake):
        variables.setdefault(name, []).extend(words.split())
    call = MODULE.search(cmake)
    depends, keyword = [], None
    for word in call.group(1).split() if call else []:
        if word in KEYWORDS:
            keyword = word
        elif keyword == "DEPENDS":
            depends += variables.get(word[2:-1], []) if word.startswith("${") else [word]
    return depends


def find_circle(arrows):
    """folder -> folders; a circle as a list that ends where it starts, or None."""
    finished = set()

    def follow(folder, path):
        if folder in path:
            return path[path.index(folder) :] + [folder]
        if folder in finished:
            return None
        for other in arrows.get(folder, []):
            circle = follow(other, path + [folder])
            if circle:
                return circle
        finished.add(folder)
        return None

    for folder in sorted(arrows):
        circle = follow(folder, [])
        if circle:
            return circle
    return None


def reachable(arrows, folder):
    """The folder itself and all that its arrows lead to."""
    seen, waiting = set(), [folder]
    while waiting:
        current = waiting.pop()
        if current not in seen:
            seen.add(current)
            waiting += arrows.get(current, [])
    return seen


def includes_of(file):
    """(line, style, header) of each include."""
    for number, line in enumerate(file.read_text().splitlines(), 1):
        include = INCLUDE.match(line)
        if include:
            yield number, *include.groups()


def find_torch_headers(source):
    """Headers with LibTorch's in them, by way of each other as well, as they are included: "optinc/backend/work.h"."""
    headers = {
        f"optinc/{file.relative_to(source).as_posix()}": [header for _, _, header in includes_of(file)]
        for folder in TORCH_HEADER_FOLDERS
        for file in (source / folder).glob("*.h")
    }
    found = set()
    while True:
        more = {name for name, inner in headers.items() if any(TORCH_HEADER.match(h) or h in found for h in inner)}
        if more == found:
            return found
        found = more


def check_include(path, style, header, reach, torch_headers):
    """What is wrong with one include, or None. `path` is relative to the root; `reach` is None outside src/optinc."""
    folder = path.split("/")[2] if reach is not None else None
    if MPI_HEADER.search(header) and not MPI_FILES.search(path):
        return "MPI's headers belong in src/optinc/collective/mpi_*.cc, tests/mpi and tests/simgrid alone"
    if folder is None:
        return None
    if TORCH_HEADER.match(header):
        if path.endswith(".h") and folder not in TORCH_HEADER_FOLDERS:
            return "LibTorch's headers do not belong in a header: they would reach every file that includes it"
        if folder not in TORCH_FOLDERS:
            return f"LibTorch's headers belong in {', '.join(sorted(TORCH_FOLDERS))} alone"
    if header in torch_headers and folder not in TORCH_HEADER_FOLDERS:
        return "LibTorch's headers are in it: not for other folders"
    if header.startswith("optinc/"):
        if style == "<":
            return 'expected quotes: #include "optinc/..."'
        other = header.split("/")[1]
        if other not in reach:
            return f"missing arrow {folder} -> {other} (DEPENDS in src/optinc/{folder}/CMakeLists.txt)"
    elif style == '"':
        return f'expected the path from src: #include "optinc/{folder}/..."'
    return None


def check(root):
    """All offences below `root`, one line each."""
    source = root / "src" / "optinc"
    arrows = {file.parent.name: read_depends(file.read_text()) for file in source.glob("*/CMakeLists.txt")}
    offences = [
        f"src/optinc/{folder}/CMakeLists.txt: DEPENDS {other}: there is no such folder"
        for folder in sorted(arrows)
        for other in arrows[folder]
        if other not in arrows
    ]
    circle = find_circle(arrows)
    if circle:
        offences.append(f"src/optinc: DEPENDS run in a circle: {' -> '.join(circle)}")

    files = [file for top in ("src", "tests") for file in (root / top).rglob("*") if file.suffix in (".h", ".cc")]
    torch_headers = find_torch_headers(source)
    for file in sorted(files):
        path = file.relative_to(root).as_posix()
        reach = reachable(arrows, path.split("/")[2]) if path.startswith("src/optinc/") else None
        for number, style, header in includes_of(file):
            offence = check_include(path, style, header, reach, torch_headers)
            if offence:
                offences.append(f"{path}:{number}: {header}: {offence}")
    return offences


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    offences = check(root)
    print("\n".join(offences) or "Every include follows the arrows.")
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
