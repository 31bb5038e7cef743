#!/usr/bin/env bash
# designs/b8-n4-cascade-1 and -2: both levels of the cascade for 16 servers, from a random start, all layers approximated, two
# inserted 64 x 64 layers among them. A quarter of an hour each on a loaded core.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p output
structure=(--bits 8 --servers 4 --layers 4,64,64,128,256,128,64,64,4 --approximate all --seed 1 --batch 256)
# Level 1 answers in quarters of a level: symbol M weighs 4^2 from the start, as it does in the margin loss.
build/optinc design "${structure[@]}" --role cascade-level-1 --epochs 1500 --first-stage-epochs 300 --learning-rate 0.002 \
  --symbol-weights 1,1,1,16 --out output/b8-n4-cascade-1.safetensors
build/optinc design "${structure[@]}" --role cascade-level-2 --rounding every --epochs 500 --first-stage-epochs 100 \
  --learning-rate 0.004 --out output/b8-n4-cascade-2.safetensors
