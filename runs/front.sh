#!/usr/bin/env bash
# The front of size against noise, for 8 bits and 4 servers: searched, then measured on every input and on simulated chips,
# beside what was trained. And constructed designs of other devices. Records: runs/front/. Some thirty minutes on two cores; one
# part alone: runs/front.sh search|designs|train|measure
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
optinc=$(realpath "${OPTINC:-build/optinc}")
out=runs/front
work=output/front
mkdir -p "$out" "$work" designs/front

search() {
  "$optinc" search --bits 8 --servers 4 --population 48 --generations 40 --sample 8192 --seed 1 --out "$work/search"
  cp "$work/search/search.records.jsonl" "$out/search-b8-n4.records"
  for mzis in 376 384 453 530 622 757 1142 1498 2030 2557 2978 4166; do
    cp "$work/search/$mzis-mzis.safetensors" "designs/front/b8-n4-$mzis.safetensors"
  done
}

# Constructed: every variant for the device of the front, and for other devices.
designs() {
  for variant in tolerant narrow shallow; do
    "$optinc" design --construct --variant $variant --out "designs/front/b8-n4-construct-$variant.safetensors"
  done
  for device in "8 8" "8 16" "8 64" "16 4" "32 4"; do
    read -r bits servers <<<"$device"
    "$optinc" design --construct --bits "$bits" --servers "$servers" --out "designs/front/b$bits-n$servers.safetensors"
  done
  mv designs/front/*.records.jsonl "$work"
}

# One structure, 4-24-14-8-4 and dense, trained under relative noise from a constructed start and from random ones.
train() {
  "$optinc" design --construct --out "$work/start.safetensors"
  for seed in 1 2 3; do
    "$optinc" design --start "$work/start.safetensors" --layers 4,24,14,8,4 --approximate none --relative-noise 3e-3 \
      --noise-until 1 --first-stage-epochs 0 --epochs 600 --learning-rate 1e-4 --seed $seed \
      --out "$work/from-constructed-$seed.safetensors" || true
    "$optinc" design --layers 4,24,14,8,4 --approximate none --relative-noise 3e-3 --noise-until 1 --epochs 600 --seed $seed \
      --out "$work/from-random-$seed.safetensors" || true
  done
}

measure() {
  "$optinc" noise designs/front/b8-n4-*.safetensors "$work"/from-*.safetensors designs/b8-n4.safetensors \
    designs/b8-n4-tolerant.safetensors designs/b8-n4-constructed.safetensors --sigma 1e-4,3e-4,1e-3,3e-3,1e-2 --chips 20 \
    --records "$out/noise-b8-n4.jsonl" | tee "$out/noise-b8-n4.txt"
  for device in b8-n8 b8-n16 b8-n64 b16-n4 b32-n4; do
    "$optinc" verify "designs/front/$device.safetensors" --by-stage
    "$optinc" area "designs/front/$device.safetensors" | tail -1
  done | tee "$out/devices.txt"
}

if (($# == 0)); then set -- search designs train measure; fi
for part in "$@"; do "$part"; done
