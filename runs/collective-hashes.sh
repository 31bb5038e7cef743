#!/usr/bin/env bash
# The result's hash over transports, thread counts, runs, and orders of ranks: one hash, deterministic rounding. The exit
# code is 1 if there is more than one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mpirun=(mpirun --allow-run-as-root --oversubscribe -np 4)
perf=(build/optinc perf -b 10000000 -e 10000000 -n 1 -w 0 -c 0 -o avg --json)
hash_of() { python3 -c 'import json, sys; print(json.load(sys.stdin)["results"][0]["out_of_place"]["hash"])'; }

for run in 1 2 3 4 5; do
  for threads in 1 2 3; do
    for order in 0,1,2,3 3,1,0,2; do
      echo "mpi     $threads threads, ranks $order, run $run: $("${mpirun[@]}" "${perf[@]}" --threads "$threads" --order "$order" | hash_of)"
      echo "threads $threads threads, ranks $order, run $run: $("${perf[@]}" --transport threads --threads "$threads" --order "$order" | hash_of)"
      echo "tcp     $threads threads, ranks $order, run $run: $("${perf[@]}" --transport tcp --threads "$threads" --order "$order" | hash_of)"
    done
  done
done | tee runs/collective/hashes.txt
hashes=$(awk '{print $NF}' runs/collective/hashes.txt | sort -u | wc -l)
echo "$(wc -l <runs/collective/hashes.txt) results, $hashes different" | tee -a runs/collective/hashes.txt
((hashes == 1))
