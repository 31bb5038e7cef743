"""The PEP 517 and PEP 660 backend of the package: CMake and Ninja build it, the standard library packs the wheel.

The build folder is build-wheel/ and stays, so that the next build takes seconds. OPTINC_BUILD_DIR names another one; one
that CMake has configured already is taken as it is, so that an existing build serves.
"""

import base64
import hashlib
import importlib.machinery
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = "optinc_python"  # python/CMakeLists.txt
PRESET = "wheel"  # CMakePresets.json
HELP = "on Debian 12, dev/setup.sh run installs all that building needs"


# Hooks of PEP 517 and PEP 660


def get_requires_for_build_wheel(config_settings=None):
    return []


def get_requires_for_build_editable(config_settings=None):
    return []


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    folder = Path(metadata_directory) / dist_info()
    folder.mkdir()
    for name, content in metadata_files().items():
        (folder / name).write_bytes(content)
    return folder.name


prepare_metadata_for_build_editable = prepare_metadata_for_build_wheel


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    folder = build()
    with tempfile.TemporaryDirectory() as staged:
        if not run("cmake", "--install", folder, "--component", "python", "--strip", "--prefix", staged):
            refuse(f"cmake --install {folder} failed: see above")
        package = sorted(path for path in Path(staged).rglob("*") if path.is_file())
        contents = {path.relative_to(staged).as_posix(): path.read_bytes() for path in package}
    return write_wheel(wheel_directory, contents)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    """A wheel that points to the build folder, where the Python files are links to the source."""
    return write_wheel(wheel_directory, {"optinc.pth": f"{build() / 'python'}\n".encode()})


def build_sdist(sdist_directory, config_settings=None):
    refuse("no source distribution: install from a clone of the repository, pip install PATH_OF_THE_CLONE")


# The build


def refuse(why):
    """Ends with one line and no traceback."""
    raise SystemExit(f"optinc: {why}")


def run(*command):
    """Runs a program with its output going to pip's; False if it failed."""
    sys.stdout.flush()
    return subprocess.run([str(word) for word in command], cwd=ROOT).returncode == 0


def build():
    """Builds the package; its build folder."""
    for tool in ("cmake", "ninja"):
        if shutil.which(tool) is None:
            refuse(f"{tool} is missing: {HELP}")
    if shutil.which("ccache"):
        os.environ.setdefault("CMAKE_CXX_COMPILER_LAUNCHER", "ccache")
        os.environ.setdefault("CCACHE_BASEDIR", str(ROOT))
        os.environ.setdefault("CCACHE_NOHASHDIR", "true")
    given = os.environ.get("OPTINC_BUILD_DIR")
    folder = Path(given).absolute() if given else ROOT / "build-wheel"
    if not given or not (folder / "CMakeCache.txt").exists():
        configure(folder)
    if not run("cmake", "--build", folder, "--target", TARGET):
        refuse(f"building {TARGET} in {folder} failed: see above")
    suffix = importlib.machinery.EXTENSION_SUFFIXES[0]
    if not (folder / "python" / "optinc" / f"_core{suffix}").exists():
        refuse(f"{folder} was configured for another Python: expected _core{suffix}")
    return folder


def configure(folder):
    command = ("cmake", "--preset", PRESET, "-B", folder, "-Wno-dev", f"-DPython3_EXECUTABLE={sys.executable}")
    if not run(*command):
        refuse(f"CMake could not configure {folder}: see above; {HELP}")


# The wheel


def project():
    with open(ROOT / "pyproject.toml", "rb") as file:
        return tomllib.load(file)["project"]


def version():
    header = (ROOT / "src/optinc/base/version.h").read_text()
    return re.search(r'kVersion = "([^"]+)"', header).group(1)


def dist_info():
    return f"optinc-{version()}.dist-info"


def tag():
    python = f"cp{sys.version_info.major}{sys.version_info.minor}"
    platform = re.sub(r"[-.]", "_", sysconfig.get_platform())
    return f"{python}-{python}-{platform}"


def metadata_files():
    """What the .dist-info folder has, RECORD apart."""
    about = project()
    metadata = [
        "Metadata-Version: 2.1",
        f"Name: {about['name']}",
        f"Version: {version()}",
        f"Summary: {about['description']}",
        f"License: {about['license']['text']}",
        f"Requires-Python: {about['requires-python']}",
        *(f"Requires-Dist: {requirement}" for requirement in about["dependencies"]),
        "Description-Content-Type: text/markdown",
        "",
        (ROOT / about["readme"]).read_text(encoding="utf-8"),
    ]
    wheel = ["Wheel-Version: 1.0", "Generator: optinc_build", "Root-Is-Purelib: false", f"Tag: {tag()}", ""]
    return {
        "LICENSE": (ROOT / "LICENSE").read_bytes(),
        "METADATA": "\n".join(metadata).encode(),
        "WHEEL": "\n".join(wheel).encode(),
    }


def write_wheel(folder, package):
    """package: {name in the wheel: bytes}. The name of the wheel, written into `folder`."""
    name = f"optinc-{version()}-{tag()}.whl"
    contents = package | {f"{dist_info()}/{file}": content for file, content in metadata_files().items()}
    record = "".join(f"{file},{digest(content)},{len(content)}\n" for file, content in contents.items())
    place = f"{dist_info()}/RECORD"
    contents[place] = f"{record}{place},,\n".encode()
    # A zip archive begins with 1980; the time is that of reproducible builds where one is set.
    moment = time.gmtime(max(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())), 315532800))[:6]
    with zipfile.ZipFile(Path(folder) / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, content in contents.items():
            entry = zipfile.ZipInfo(file, moment)
            entry.external_attr = (0o755 if file.endswith(".so") else 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return name


def digest(content):
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
