#!/usr/bin/env bash
# Ring against OptINC, 8 bits and 4 servers: a LLaMA-like model of 935,040 parameters on the Wikipedia excerpt, three seeds each,
# the same batches and start for both. Records: runs/train-8bit-4servers/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
records=runs/train-8bit-4servers
mkdir -p "$records"
for seed in 1 2 3; do
  build/optinc train --reduce ring --workers 4 --seed "$seed" --records "$records/ring-seed$seed.jsonl"
  build/optinc train --reduce optinc --design designs/b8-n4-nearest.safetensors --workers 4 --seed "$seed" \
    --records "$records/optinc-seed$seed.jsonl"
done
