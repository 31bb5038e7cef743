#!/usr/bin/env bash
# exports_check.sh LIBRARY HEADER WITH_MPI: the library shows the functions of the header, all of them and nothing else;
# its file and its name for the loader carry the version; and it needs MPI only where it was built with it (1), LibTorch
# and ONNX never.
set -euo pipefail
library=$1 header=$2 with_mpi=$3

fail() {
  echo "$1" >&2
  exit 1
}

declared=$(grep -oE '^(optinc_status|const char\*) optinc_[a-z0-9_]+\(' "$header" | grep -oE 'optinc_[a-z0-9_]+\(' | tr -d '(' | sort)
shown=$(nm -D --defined-only "$library" | awk '{ print $NF }' | sort)
[[ -n $declared && $shown == "$declared" ]] ||
  fail "declared in $header (<) and shown by $library (>): $(diff <(echo "$declared") <(echo "$shown"))"

[[ $(basename "$(readlink -f "$library")") == liboptinc.so.*.*.* ]] || fail "$library: expected liboptinc.so.VERSION"
readelf -d "$library" | grep -q 'SONAME.*\[liboptinc\.so\.[0-9]*\]' || fail "$library: no SONAME liboptinc.so.MAJOR"

needed=$(ldd "$library")
echo "$needed"
grep -q "not found" <<<"$needed" && fail "$library needs what is not there"
grep -qE "libtorch|libc10|libonnx|libprotobuf|libsentencepiece" <<<"$needed" && fail "$library needs LibTorch or ONNX"
has_mpi=$(grep -cE "libmpi\.so" <<<"$needed" || true)
((has_mpi == with_mpi)) || fail "$library: libmpi.so $has_mpi times, expected $with_mpi"
