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

# The run is killed each time it has written a new checkpoint, so that no clock decides whether it is; the last attempt goes
# through.
checkpoint=$folder/killed.safetensors.checkpoint
(run --out "$folder/unbroken.safetensors") || true
resume=()
for ((kill = 1; kill <= 4; ++kill)); do
  before=$(stat --format %i:%Y "$checkpoint" 2>/dev/null || true)
  run --out "$folder/killed.safetensors" "${resume[@]}" &
  child=$!
  while [[ "$(stat --format %i:%Y "$checkpoint" 2>/dev/null || true)" == "$before" ]]; do
    kill -0 "$child" 2>/dev/null || { echo "the run was over before it could be killed" >&2; exit 1; }
    sleep 0.01
  done
  sleep "0.0$kill"
  kill -KILL "$child"
  wait "$child" 2>/dev/null || true
  resume=(--resume)
done
(run --out "$folder/killed.safetensors" --resume) || true
cmp "$folder/unbroken.safetensors" "$folder/killed.safetensors"
echo "killed 4 times; the same design"
