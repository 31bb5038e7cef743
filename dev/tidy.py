#!/usr/bin/env python3
"""clang-tidy over the sources of src/, by the compile commands in build/; the exit code is 1 if it finds anything.

A file that passed before is passed over, as long as it, all that it includes, how it is compiled, the checks and
clang-tidy are the same: $XDG_CACHE_HOME/optinc-tidy/ (~/.cache) remembers that by a hash, in any clone.

Not checked: tests and benchmarks, which are made of macros, and what includes LibTorch, most of a minute a file.
"""

import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "optinc-tidy"


def is_checked(path):
    return not (path.name.endswith((".test.cc", ".perf.cc")) or {"workload", "backend"} & set(path.parts))


def parse_dependencies(text, folder):
    """What `ninja -t deps` prints -> a dict from each source to all files that it includes, itself among them."""
    found, files = {}, None
    for line in text.splitlines():
        if line.startswith("    "):
            files.append(pathlib.Path(os.path.normpath(folder / line.strip())))
        elif "#deps" in line:
            files = []
        elif files:
            found[files[0]] = files
            files = None
    if files:
        found[files[0]] = files
    return found


@functools.cache
def hash_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def key_of(command, files, common, root=ROOT):
    """A name for: these files are as they are, in whatever clone. None where one is gone."""
    parts = [common, command.replace(str(root), "")]
    for path in sorted(files):
        if not path.is_file():
            return None
        parts.append(f"{str(path).replace(str(root), '')} {hash_of(path)}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def check(path):
    """True, or what clang-tidy says of a file."""
    run = subprocess.run(
        ["clang-tidy", "-p", BUILD, "--quiet", "--warnings-as-errors=*", path], capture_output=True, text=True
    )
    return run.returncode == 0 or run.stdout + run.stderr


def main():
    commands = {
        pathlib.Path(os.path.normpath(pathlib.Path(entry["directory"]) / entry["file"])): entry["command"]
        for entry in json.loads((BUILD / "compile_commands.json").read_text())
    }
    sources = [path for path in sorted((ROOT / "src").rglob("*.cc")) if is_checked(path.relative_to(ROOT))]
    dependencies = parse_dependencies(
        subprocess.run(["ninja", "-C", BUILD, "-t", "deps"], capture_output=True, text=True, check=True).stdout, BUILD
    )
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, text=True, check=True).stdout
    common = version + (ROOT / ".clang-tidy").read_text()
    keys = {
        path: key_of(commands.get(path, ""), dependencies[path], common) for path in sources if path in dependencies
    }
    CACHE.mkdir(parents=True, exist_ok=True)
    pending = [path for path in sources if not keys.get(path) or not (CACHE / keys[path]).exists()]
    print(f"{len(sources)} files, {len(sources) - len(pending)} of them as they were when they passed", flush=True)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, outcome in zip(pending, pool.map(check, pending)):
            if outcome is not True:
                failed += 1
                print(outcome, flush=True)
            elif keys.get(path):
                (CACHE / keys[path]).touch()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
