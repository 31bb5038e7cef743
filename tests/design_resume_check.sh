#!/usr/bin/env bash
# A design run that is killed with SIGKILL, several times, and resumed ends with the same design as the unbroken run.
#
#   tests/design_resume_check.sh PROGRAM FOLDER
set -euo pipefail
program=$1
folder=$2
rm -rf "$folder"
mkdir -p "$folder"
run() {
  exec "$program" design --bits 4 --servers 4 --layers 2,32,64,32,2 --epochs 300 --epoch-samples 169 --first-stage-epochs 60 --batch 16 \
    --verify-below 0 --checkpoint-every 0 "$@" >/dev/null 2>&1
}

(run --out "$folder/unbroken.safetensors") || true
resume=()
kills=0
for ((attempt = 0; attempt < 100; ++attempt)); do
  run --out "$folder/killed.safetensors" "${resume[@]}" &
  child=$!
  sleep 1.5
  if kill -KILL "$child" 2>/dev/null; then kills=$((kills + 1)); fi
  wait "$child" 2>/dev/null || true
  [[ ! -e "$folder/killed.safetensors" ]] || break
  resume=()
  [[ ! -e "$folder/killed.safetensors.checkpoint" ]] || resume=(--resume)
done
cmp "$folder/unbroken.safetensors" "$folder/killed.safetensors"
((kills >= 1)) || { echo "the run was over before it could be killed" >&2; exit 1; }
echo "killed $kills times; the same design"
