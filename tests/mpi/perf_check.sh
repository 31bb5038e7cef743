#!/usr/bin/env bash
# perf_check.sh OPTINC MPIRUN...: the table of all algorithms over MPI has no wrong element, the optics' hash is that of
# ranks as threads, and a rank that is killed ends the job, named, within seconds.
set -euo pipefail
optinc=$1
shift

fail() {
  echo "$1" >&2
  exit 1
}

all=$("$@" 4 "$optinc" perf -b 40000 -e 40000 -n 1 -w 0 --algorithm all)
grep -q "# Out of bounds values : 0 OK" <<<"$all" || fail "$all"
grep -q "# all_reduce by mpi" <<<"$all" || fail "MPI's own all-reduce is not in: $all"

hash_of() { tr ',' '\n' | grep -m1 '"hash"' | tr -d ' "'; }
over_mpi=$("$@" 4 "$optinc" perf -b 1M -e 1M -n 1 -w 0 --json | hash_of)
over_threads=$("$optinc" perf --transport threads -b 1M -e 1M -n 1 -w 0 --json | hash_of)
[[ -n $over_mpi && $over_mpi == "$over_threads" ]] || fail "hashes: $over_mpi over MPI, $over_threads over threads"

start=$SECONDS code=0
killed=$("$@" 4 "$optinc" drill -b 16M --fault dead:2@10 2>&1) || code=$?
((code != 0)) || fail "a killed rank: exit code 0"
((SECONDS - start < 60)) || fail "a killed rank: told after $((SECONDS - start)) s"
grep -q "rank 2 .*exited on signal 9" <<<"$killed" || fail "a killed rank is not named: $killed"
