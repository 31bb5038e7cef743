#!/usr/bin/env bash
# Every fault on purpose: the command, what was printed, the exit code and how long it took. Printed and kept in
# runs/collective/drill.txt.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mpirun=(mpirun --allow-run-as-root --oversubscribe -np 4)

drill() {
  local start=$EPOCHREALTIME
  echo "\$ ${*//--allow-run-as-root --oversubscribe /}"
  timeout 120 "$@" 2>&1 | grep -v '^$'
  local code=${PIPESTATUS[0]}
  awk -v a="$start" -v b="$EPOCHREALTIME" -v c="$code" 'BEGIN { printf "exit code %d after %.2f s\n\n", c, b - a }'
}

{
  echo "== kill -9 of a rank in the middle of an all-reduce of 256 MB, on each transport"
  drill "${mpirun[@]}" build/optinc drill -b 256M --fault dead:2@100
  drill build/optinc drill --transport tcp -b 256M --fault dead:2@100
  drill build/optinc drill --transport tcp -b 256M --fault dead:2@100 --on-fault survivors
  drill build/optinc drill --transport threads -b 256M --fault dead:2@100
  drill build/optinc drill --transport threads -b 256M --fault dead:2@100 --on-fault survivors
  drill build/optinc drill --transport tcp -b 256M --fault dead:2@100 --on-fault ring
  echo "== a rank that stops (kill -STOP) for 12 s, deadline 2 s"
  drill "${mpirun[@]}" build/optinc drill -b 64M --fault stop:1:12@20 --deadline 2
  drill build/optinc drill --transport tcp -b 64M --fault stop:1:12@20 --deadline 2
  drill build/optinc drill --transport tcp -b 64M --fault stop:1:12@20 --deadline 2 --on-fault survivors
  echo "== a rank that is slow: 1 s late, deadline 5 s; 3 s late, deadline 2 s"
  drill build/optinc drill --transport tcp -b 64M --fault slow:1:1@20 -n 1
  drill build/optinc drill --transport tcp -b 64M --fault slow:1:3@20 --deadline 2
  drill build/optinc drill --transport tcp -b 64M --fault slow:1:3@20 --deadline 2 --on-fault survivors -n 1
  echo "== a corrupted message"
  drill "${mpirun[@]}" build/optinc drill -b 64M --fault corrupt:3@20
  drill build/optinc drill --transport tcp -b 64M --fault corrupt:3@20
  drill build/optinc drill --transport tcp -b 64M --fault corrupt:3@20 --on-fault ring -n 2
  drill build/optinc drill --transport tcp -b 64M --fault corrupt:3@20 --on-fault survivors -n 1
  drill build/optinc drill --transport threads -b 64M --fault corrupt:3@20 --on-fault ring -n 2
  echo "== a lost port"
  drill "${mpirun[@]}" build/optinc drill -b 64M --lost-port 2
  drill "${mpirun[@]}" build/optinc drill -b 64M --lost-port 2 --on-fault ring -n 1
  drill "${mpirun[@]}" build/optinc drill -b 64M --lost-port 2 --on-fault survivors -n 1
  echo "== symbol errors at a rate of 1e-6"
  drill build/optinc drill -b 64M --symbol-error-rate 1e-6 -n 1
} | tee runs/collective/drill.txt
