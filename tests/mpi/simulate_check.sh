#!/usr/bin/env bash
# `optinc simulate` over 2 and 3 processes of mpirun writes the records of one process, in the same order, times aside;
# so does a run over 2 that goes on where one process was killed.
#
#   tests/mpi/simulate_check.sh PROGRAM FOLDER MPIRUN... (the words before the number of processes)
set -euo pipefail
program=$1
folder=$2
shift 2
rm -rf "$folder"
mkdir -p "$folder"
"$program" compile designs/b8-n4.safetensors --out "$folder/p.npz" >/dev/null
# 5 chips: not the same number for every process. A sweep, so that there are several conditions.
simulate=("$program" simulate "$folder/p.npz" --sample 300 --chips 5 --threads 1 --seed 3 --correction none,local
  --set detector.threshold_error_rms=0.08 --sweep coupler.imbalance_rms_rad=0.002,0.01)
records() { sed -E 's/,"seconds":[^,}]*//' "$1"; }
same() { diff <(records "$folder/alone.jsonl") <(records "$1"); }

"${simulate[@]}" --records "$folder/alone.jsonl" >"$folder/alone.txt"
[[ $(grep -c '"type":"chip"' "$folder/alone.jsonl") == 20 && $(grep -c '"type":"yield"' "$folder/alone.jsonl") == 4 ]]
for processes in 2 3; do
  "$@" "$processes" "${simulate[@]}" --records "$folder/$processes.jsonl" >"$folder/$processes.txt"
  same "$folder/$processes.jsonl"
  diff "$folder/alone.txt" "$folder/$processes.txt"
done

# The run, 7 chips, and half of the eighth.
head -n 8 "$folder/alone.jsonl" >"$folder/killed.jsonl"
sed -n 9p "$folder/alone.jsonl" | head -c 100 >>"$folder/killed.jsonl"
"$@" 2 "${simulate[@]}" --records "$folder/killed.jsonl" --resume >"$folder/killed.txt"
same "$folder/killed.jsonl"
diff "$folder/alone.txt" "$folder/killed.txt"
echo "the same records over 1, 2 and 3 processes, and resumed over 2"
