"""Installs the package as a user does, by pip into a virtual environment, and uses it from elsewhere.

    wheel_check.py BUILD_FOLDER WORK_FOLDER

The wheel is made of what is built in BUILD_FOLDER. WORK_FOLDER is made anew.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
SKIPPED = 77

USE = """
import sys
import optinc
assert optinc.__file__.startswith(sys.prefix), optinc.__file__
design = optinc.load_design(sys.argv[1])
found = optinc.verify(design)
assert (found.inputs, found.wrong) == (28561, 0), found
assert optinc.simulate(optinc.compile(design), design, sample=1000).exact_symbol_rate == 1
codes, scales = optinc.quantise([1.0, -0.5])
print(optinc.__version__, found, optinc.dequantise(codes, scales))
"""


def run(*command, **options):
    print("$", *command, flush=True)
    return subprocess.run([str(word) for word in command], check=True, **options)


def main():
    build, work = (Path(argument).resolve() for argument in sys.argv[1:])
    shutil.rmtree(work, ignore_errors=True)
    elsewhere = work / "elsewhere"
    elsewhere.mkdir(parents=True)
    try:
        run(sys.executable, "-m", "venv", "--system-site-packages", work / "env")
    except subprocess.CalledProcessError:
        print("no virtual environment can be made: expected Debian's python3-venv", file=sys.stderr)
        return SKIPPED
    python = work / "env" / "bin" / "python3"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"OPTINC_BUILD_DIR": str(build), "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    pip = (python, "-m", "pip")
    design = SOURCE / "designs" / "b8-n4.safetensors"
    for options in ((), ("--editable",)):
        run(*pip, "install", *options, SOURCE, env=environment, cwd=elsewhere)
        if not options:
            run(python, "-c", USE, design, env=environment, cwd=elsewhere)
        else:
            run(python, "-c", "import optinc; print(optinc.__file__)", env=environment, cwd=elsewhere)
        run(*pip, "uninstall", "--yes", "optinc", env=environment, cwd=elsewhere)
    left = list((work / "env").rglob("optinc*"))
    assert not left, left

    # The extension stands alone: neither LibTorch nor MPI, and nothing left to strip.
    run(*pip, "wheel", "--no-deps", "--wheel-dir", work, SOURCE, env=environment, cwd=elsewhere)
    (wheel,) = work.glob("optinc-*.whl")
    run(python, "-m", "zipfile", "--extract", wheel, work / "wheel")
    (extension,) = (work / "wheel" / "optinc").glob("_core*.so")
    libraries = run("ldd", extension, stdout=subprocess.PIPE, text=True).stdout
    assert not any(name in libraries for name in ("libtorch", "libmpi", "not found")), libraries
    sections = run("readelf", "--sections", "--wide", extension, stdout=subprocess.PIPE, text=True).stdout
    assert ".symtab" not in sections
    print(f"{wheel.name}: {wheel.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
