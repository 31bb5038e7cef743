#!/usr/bin/env bash
# exports_check.sh LIBRARY HEADER WITH_MPI: the library shows the functions of the header, all of them and nothing else;
# its file and its name for the loader carry the version; it needs MPI where it was built with it (1) and only there,
# LibTorch and ONNX never.
set -euo pipefail
library=$1 header=$2 with_mpi=$3

fail() {
  echo "$1" >&2
  exit 1
}

declared=$(grep -oE '^[a-z_ ]+\*? ?optinc_[a-z_]+\(' "$header" | grep -oE 'optinc_[a-z_]+\(' | tr -d '(' | sort)
# Without the name of the version itself, which nm lists as an absolute symbol.
shown=$(nm -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort)
[[ -n $declared && $shown == "$declared" ]] ||
  fail "declared in $header (<), shown by $library (>): $(diff <(echo "$declared") <(echo "$shown"))"

[[ $(basename "$(readlink -f "$library")") =~ ^liboptinc\.so\.([0-9]+)\.[0-9]+\.[0-9]+$ ]] ||
  fail "$(readlink -f "$library"): expected liboptinc.so.VERSION"
readelf -d "$library" | grep -qF "[liboptinc.so.${BASH_REMATCH[1]}]" || fail "$library: no SONAME liboptinc.so.MAJOR"

needed=$(ldd "$library")
grep -q "not found" <<<"$needed" && fail "$library needs what is not there: $needed"
grep -qE "lib(torch|c10|onnx|protobuf|sentencepiece)" <<<"$needed" && fail "$library needs LibTorch or ONNX: $needed"
has_mpi=$(grep -cE "libmpi\.so" <<<"$needed" || true)
((has_mpi == with_mpi)) || fail "$library: libmpi.so $has_mpi times, expected $with_mpi: $needed"
echo "$(wc -l <<<"$shown") functions; needs $(awk '{ print $1 }' <<<"$needed" | xargs)"
