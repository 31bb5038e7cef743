#!/usr/bin/env bash
# Installs from Debian 12's packages what the project needs and this machine lacks, and from npm the driver of the browser test.
# Does nothing, at once, when nothing is missing.
#
#   dev/setup.sh run    what building and ./run.sh need
#   dev/setup.sh test   what ./test.sh needs beside
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The test and benchmark libraries are here because CMake looks for them whatever is built; they are small.
run_packages=(
  build-essential cmake ninja-build pkg-config
  libtorch-dev libgloo-dev libopenblas-pthread-dev libeigen3-dev libhwy-dev libopenmpi-dev openmpi-bin
  libcli11-dev nlohmann-json3-dev libfmt-dev libtomlplusplus-dev libsentencepiece-dev libonnx-dev libprotobuf-dev protobuf-compiler
  libpagmo-dev zlib1g-dev libarchive-dev libxxhash-dev
  python3-dev python3-numpy python3-venv pybind11-dev
  libgtest-dev libgmock-dev libbenchmark-dev librapidcheck-dev
)
test_packages=(ccache chromium clang-format clang-tidy libsimgrid-dev python3 python3-onnx python3-torch python3-torchvision)

fail() {
  echo "dev/setup.sh: $1" >&2
  exit 1
}

case "${1-}" in
  run) wanted=("${run_packages[@]}") ;;
  test)
    wanted=("${run_packages[@]}" "${test_packages[@]}")
    command -v npm >/dev/null || wanted+=(nodejs npm)
    ;;
  *) fail "expected 'run' or 'test', got '${1-}'" ;;
esac

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  fail "expected Debian 12 (apt-get); elsewhere, install the like of: ${wanted[*]}"
fi

# dpkg-query fails when it does not know a package at all: that one is missing too.
installed=" $(dpkg-query --show --showformat='${Package}:${db:Status-Status} ' "${wanted[@]}" 2>/dev/null || true)"
missing=()
for package in "${wanted[@]}"; do
  [[ "$installed" == *" $package:installed "* ]] || missing+=("$package")
done

# The browser test is skipped without its driver, so a machine that can't reach npm only loses that test.
install_browser_driver() {
  [[ $1 == test && ! tests/browser/node_modules/.package-lock.json -nt tests/browser/package-lock.json ]] || return 0
  echo "Installing the driver of the browser test (npm)"
  npm ci --prefix tests/browser --ignore-scripts --no-audit --no-fund --loglevel=error ||
    echo "dev/setup.sh: npm ci failed in tests/browser: the browser test will be skipped" >&2
}
if ((${#missing[@]} == 0)); then
  install_browser_driver "$1"
  exit 0
fi

as_root=()
if ((EUID != 0)); then
  command -v sudo >/dev/null || fail "expected root, or a user with sudo, to install: ${missing[*]}"
  as_root=(sudo)
  [[ -t 0 ]] || as_root=(sudo --non-interactive)
  "${as_root[@]}" true || fail "sudo refused; as root, run: apt-get install --no-install-recommends ${missing[*]}"
fi

# On a terminal, apt's output runs by in one line; the whole of it is shown when something goes wrong.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
show_line() {
  if [[ -t 1 ]]; then
    while IFS= read -r line; do printf '\r\033[K%.100s' "$line"; done
    printf '\r\033[K'
  else
    cat >/dev/null
  fi
}
# A fresh machine may still be updating itself: apt waits for its lock.
apt_get() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -q "$@" \
    </dev/null 2>&1 | tee "$log" | show_line && return
  cat "$log" >&2
  fail "apt-get $1 failed"
}

echo "Installing from Debian, with what they need (minutes): ${missing[*]}"
apt_get update
apt_get install --yes --no-install-recommends "${missing[@]}"
install_browser_driver "$1"
