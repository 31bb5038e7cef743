#!/usr/bin/env bash
# package_check.sh BUILD WORK [MPIRUN...]: installs BUILD below WORK (made anew), moves it, and builds and runs examples/c
# with what is there: as a project of CMake and by pkg-config, with threads and, given MPIRUN, with processes of MPI.
set -euo pipefail
build=$1 work=$2
shift 2
mpirun=("$@")

fail() {
  echo "$1" >&2
  exit 1
}
# quietly COMMAND...: what it prints is shown where it fails.
quietly() {
  local said
  echo "\$ $*"
  said=$("$@" 2>&1) || fail "$said"
}
# expect_output TITLE COMMAND...: the averages 2.5 i / 1000 of i = 99, 549 and 999, each to one step of its block of 256: the
# largest |x|, 4 i / 1000 of its last i, over 127: 0.0081, 0.0242, 0.0315.
expect_output() {
  local title=$1 said
  shift
  echo "\$ $*"
  said=$("$@") || fail "$title: exit code $?"
  [[ $said == "$expected" ]] || fail "$title: expected $expected; got $said"
}
expected="4 ranks: 4000 bytes each, 1008 on the wire
0.2475 is 0.2498
1.3725 is 1.3815
2.4975 is 2.4882"

rm -rf "$work"
mkdir -p "$work/elsewhere"
quietly cmake --install "$build" --component optinc --prefix "$work/first"
mv "$work/first" "$work/prefix"
prefix=$work/prefix

# The package is whole and knows nothing of the machine that built it.
for file in bin/optinc include/optinc.h share/optinc/designs/b8-n4.safetensors; do
  [[ -e $prefix/$file ]] || fail "$file has not been installed"
done
library=$(find "$prefix" -name liboptinc.so)
[[ -n $library ]] || fail "liboptinc.so has not been installed"
if grep -rIl -e "$work" -e "$PWD" -e "$build" "$prefix"; then fail "installed files name folders of the build"; fi
readelf -d "$library" | grep -E "RPATH|RUNPATH" && fail "$library looks for libraries in folders of its own"
designs=$prefix/share/optinc/designs
quietly "$prefix/bin/optinc" verify "$designs/b8-n4.safetensors"

# As a project of its own that knows the prefix and nothing else, in C alone.
quietly cp -r examples/c "$work/elsewhere/c"
cd "$work/elsewhere"
quietly cmake -S c -B threads "-DCMAKE_PREFIX_PATH=$prefix"
quietly cmake --build threads
expect_output "find_package, threads" threads/all_reduce
expect_output "find_package, threads, a design" threads/all_reduce "$designs/b8-n4-nearest.safetensors"

pkgconfig=$(dirname "$(find "$prefix" -name optinc.pc)")
flags() { PKG_CONFIG_PATH=$pkgconfig pkg-config "$@" optinc; }
[[ $(flags --modversion) == "$(sed -n 's/^set(PACKAGE_VERSION "\(.*\)")/\1/p' "$(find "$prefix" -name optincConfigVersion.cmake)")" ]] ||
  fail "pkg-config has version $(flags --modversion), CMake another"
[[ $(readlink -f "$(flags --variable=designsdir)") == "$(readlink -f "$designs")" ]] ||
  fail "pkg-config's designsdir is $(flags --variable=designsdir)"
LD_LIBRARY_PATH=$(dirname "$library")
export LD_LIBRARY_PATH
read -ra compile_and_link < <(flags --cflags --libs)
# CFLAGS: of a build with sanitizers.
read -ra c_flags <<<"${CFLAGS-}"
quietly cc "${c_flags[@]}" c/all_reduce.c -o all_reduce "${compile_and_link[@]}" -pthread
expect_output "pkg-config, threads" ./all_reduce

# A line on standard error and an exit code, as examples/c has them.
code=0 said=$(./all_reduce no-such-file 2>&1) || code=$?
((code == 2)) && [[ $said == "all_reduce: no-such-file"* ]] || fail "a design that is not there: exit code $code, $said"

((${#mpirun[@]})) || exit 0
quietly cmake -S c -B mpi "-DCMAKE_PREFIX_PATH=$prefix" -DOPTINC_EXAMPLE_MPI=ON
quietly cmake --build mpi
expect_output "find_package, MPI" "${mpirun[@]}" mpi/all_reduce
quietly mpicc -DOPTINC_EXAMPLE_MPI c/all_reduce.c -o all_reduce_mpi "${compile_and_link[@]}"
expect_output "pkg-config, MPI" "${mpirun[@]}" ./all_reduce_mpi
