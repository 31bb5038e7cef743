#!/usr/bin/env bash
# GFLOP/s of training at b8-n8's size, 18 seconds at each batch size; on a quiet machine. Nothing is kept.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for batch in 512 1024 2048; do
  # A part that ends before its run does has exit code 1.
  build/optinc design --bits 8 --servers 8 --layers 4,64,128,256,512,256,128,64,4 --approximate 2-7 --rounding every --seed 1 \
    --epochs 400 --epoch-samples 65536 --batch "$batch" --part-minutes 0.3 --out "$folder/$batch.safetensors" || true
done
