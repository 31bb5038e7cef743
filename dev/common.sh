# Sourced by the scripts that build: headings, durations, how to compile.
# shellcheck shell=bash

jobs=$(nproc)

# ccache, where it is installed, makes every clone but the first quick to build: paths within the clone don't count.
if command -v ccache >/dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER=ccache CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=true
fi

heading() {
  if [[ -t 1 ]]; then printf '\n\033[1m== %s\033[0m\n' "$1"; else printf '\n== %s\n' "$1"; fi
}

# 185 -> 3 min 05 s
duration() {
  if (($1 < 60)); then echo "$1 s"; else printf '%d min %02d s\n' $(($1 / 60)) $(($1 % 60)); fi
}

# configure_and_build PRESET [TARGET...]
configure_and_build() {
  cmake --preset "$1" -Wno-dev --log-level=NOTICE &&
    cmake --build --preset "$1" --parallel "$jobs" ${2:+--target "${@:2}"}
}
