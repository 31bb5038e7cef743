#!/usr/bin/env bash
# tcp_ranks_check.sh OPTINC: ranks as processes over TCP.
set -euo pipefail
optinc=$1

fail() {
  echo "$1" >&2
  exit 1
}
# expect CODE PATTERN... -- COMMAND...: the exit code, and what must be printed.
expect() {
  local code=$1 patterns=() got=0 said
  shift
  while [[ $1 != -- ]]; do patterns+=("$1") && shift; done
  shift
  said=$("$@" 2>&1) || got=$?
  ((got == code)) || fail "$*: exit code $got instead of $code: $said"
  for pattern in "${patterns[@]}"; do
    grep -Eq "$pattern" <<<"$said" || fail "$*: no \"$pattern\" in: $said"
  done
}
drill=("$optinc" drill --transport tcp -b 4M -n 2)

expect 0 "Out of bounds values : 0 OK" -- \
  "$optinc" perf --transport tcp -b 40000 -e 40000 -n 1 -w 0 --algorithm optinc,ring,rabenseifner,tree,int32-switch

hash_of() { tr ',' '\n' | grep -m1 '"hash"' | tr -d ' "'; }
over_tcp=$("$optinc" perf --transport tcp -b 1M -e 1M -n 1 -w 0 --json | hash_of)
over_threads=$("$optinc" perf --transport threads -b 1M -e 1M -n 1 -w 0 --json | hash_of)
[[ -n $over_tcp && $over_tcp == "$over_threads" ]] || fail "hashes: $over_tcp over TCP, $over_threads over threads"

# Really killed.
expect 1 "rank 2: dies now" "rank 2 is gone" "rank 2 of 4 ended: killed by signal 9" -- "${drill[@]}" --fault dead:2@4
expect 137 "3 of 4 ranks go on" "rank 3: call 2: .* over 3 servers, 0 wrong" -- \
  "${drill[@]}" --fault dead:2@4 --on-fault survivors
# Really stopped.
expect 1 "from rank 1: nothing came within 1 s" -- "${drill[@]}" --fault stop:1:4@4 --deadline 1
expect 1 "rank 0: call 2: .* over 3 servers, 0 wrong" "rank 1 of 4: excluded" -- \
  "${drill[@]}" --fault stop:1:6@4 --deadline 1 --on-fault survivors
# Corrupted.
expect 1 "corrupted on the way" -- "${drill[@]}" --fault corrupt:3@2
expect 0 "over 4 servers, by the ring, 0 wrong" -- "${drill[@]}" --fault corrupt:3@2 --on-fault ring
# Refused by all ranks, without a hang.
expect 2 "5 ranks, but the device has 4 ports" -- "$optinc" perf --transport tcp -g 5 -b 8 -e 8
