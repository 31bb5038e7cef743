#!/usr/bin/env bash
# `optinc verify` over 1, 2 and 3 processes of mpirun gives the answer of one process, to the bit, right or wrong.
#
#   tests/mpi/verify_check.sh PROGRAM MPIRUN... (the words before the number of processes)
set -euo pipefail
program=$1
shift
# What times and rates there are differ.
answer() { grep -vE '"(seconds|inputs_per_second|gflops|sgemm_gflops)"'; }
verify=("$program" verify designs/b8-n4.safetensors --threads 1 --json --first-wrong 5)
alone=$("${verify[@]}" | answer)
for processes in 1 2 3; do
  together=$("$@" "$processes" "${verify[@]}" | answer)
  [[ "$alone" == "$together" ]] || { diff <(echo "$alone") <(echo "$together"); exit 1; }
done
sampled=("$program" verify designs/b8-n4.safetensors --threads 1 --json --sample 5000 --seed 3)
[[ "$("${sampled[@]}" | answer)" == "$("$@" 3 "${sampled[@]}" | answer)" ]]
echo "the same answer over 1, 2 and 3 processes"
