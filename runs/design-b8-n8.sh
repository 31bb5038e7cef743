#!/usr/bin/env bash
# designs/b8-n8 and its -nearest twin: Table I, row 2. From a random start, layers 2-7 approximated, right in every rounding
# mode. About an hour and a half on one core; --resume goes on with a run that was cut.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p output
resume=()
[[ ! -e output/b8-n8.safetensors.checkpoint ]] || resume=(--resume)
build/optinc design --bits 8 --servers 8 --layers 4,64,128,256,512,256,128,64,4 --approximate 2-7 --rounding every --seed 1 \
  --batch 256 --epochs 700 --first-stage-epochs 120 --learning-rate 0.004 --checkpoint-every 60 \
  --out output/b8-n8.safetensors "${resume[@]}"
