#!/usr/bin/env bash
# designs/b8-n4 and its -nearest twin: Table I, row 1. From a random start, all six layers approximated, right in every
# rounding mode. Seed 1 ships, with its records; seeds 2 and 3 show the spread.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p output
for seed in 1 2 3; do
  build/optinc design --bits 8 --servers 4 --layers 4,64,128,256,128,64,4 --approximate all --rounding every \
    --seed "$seed" --out "output/b8-n4-seed$seed.safetensors"
done
