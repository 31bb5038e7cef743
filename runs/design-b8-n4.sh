#!/usr/bin/env bash
# The designs that ship: 8 bits, 4 servers, all layers approximated, from a random start. Seed 1 of either rounding is in
# designs/, with its records beside it. Of seeds 2 and 3, README.md lists what was run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p output
for rounding in floor nearest; do
  for seed in 1 2 3; do
    build/optinc design --bits 8 --servers 4 --layers 4,64,128,256,128,64,4 --approximate all --rounding "$rounding" \
      --seed "$seed" --out "output/b8-n4-$rounding-seed$seed.safetensors"
  done
done
