# Sourced by the scripts that build: headings, durations, how to compile.
# shellcheck shell=bash

jobs=$(nproc)

# ccache is used where it is installed and never asked for.
if command -v ccache >/dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER=ccache
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
