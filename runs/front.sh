#!/usr/bin/env bash
# The front of size against noise, for 8 bits and 4 servers: searched, then measured on every input and on simulated chips,
# beside what was trained. And constructed designs of other devices, and which devices can be constructed. Records: runs/front/.
# An hour and a half on two cores, most of it trained structures; one part alone:
#   runs/front.sh search|structures|designs|train|measure|measure_structures|devices|reach|reach_wide
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
optinc=$(realpath "${OPTINC:-build/optinc}")
out=runs/front
work=output/front
mkdir -p "$out" "$work" designs/front

# For relative noise and for errors of phases: three objectives. Of the front, sixteen designs ship.
search() {
  "$optinc" search --bits 8 --servers 4 --population 64 --generations 60 --sample 8192 --chips 16 \
    --set phase_shifter.error_rms_rad=0.005 --seed 1 --out "$work/search" | tee "$out/search-b8-n4.txt"
  grep -v '"type":"generation"' "$work/search/search.records.jsonl" >"$out/search-b8-n4.records"
  rm -f designs/front/b8-n4-[0-9]*.safetensors
  for pick in 384-mzis-12 493-mzis 584-mzis-10 653-mzis-3 757-mzis-10 917-mzis 1264-mzis-3 1437-mzis-3 1533-mzis-2 1682-mzis \
    2258-mzis 2858-mzis-2 4046-mzis 6676-mzis 9105-mzis 15797-mzis; do
    cp "$work/search/$pick.safetensors" "designs/front/b8-n4-${pick%%-*}.safetensors"
  done
}

# Structures, trained under relative noise from random and from constructed starts. Three quarters of an hour; RESUME=1 goes on with a
# search that was stopped.
structures() {
  "$optinc" search --over structures --epochs 300 --bits 8 --servers 4 --population 12 --generations 10 --sample 8192 \
    --most-mzis 50000 --chips 16 --set phase_shifter.error_rms_rad=0.005 --seed 1 --out "$work/structures" \
    ${RESUME:+--resume} | tee "$out/structures-b8-n4.txt"
  grep -v '"type":"generation"' "$work/structures/search.records.jsonl" >"$out/structures-b8-n4.records"
  for pick in 11960-mzis-2 16410-mzis 25152-mzis 33376-mzis 41664-mzis-2; do
    cp "$work/structures/$pick.safetensors" "designs/front/b8-n4-structure-${pick%%-*}.safetensors"
  done
}

# Constructed: every variant for the device of the front, one input alone, and other devices.
designs() {
  for variant in tolerant narrow shallow; do
    "$optinc" design --construct --variant $variant --out "designs/front/b8-n4-construct-$variant.safetensors"
  done
  "$optinc" design --construct --inputs 1 --out designs/front/b8-n4-construct-one-input.safetensors
  for device in "8 6" "8 8" "8 16" "8 64" "16 4" "16 6" "32 4"; do
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

# rates NAME DESIGN...: with noise and chips that no search saw (seed 2).
rates() {
  "$optinc" noise "${@:2}" --sigma 1e-4,3e-4,1e-3,3e-3,1e-2 --chips 20 \
    --sweep phase_shifter.error_rms_rad=0.001,0.003,0.005,0.01 --sweep coupler.imbalance_rms_rad=0.003,0.01 \
    --sweep phase_shifter.dac_bits=8,10 --sweep crosstalk.nearest=0.0001,0.001 --hardware shen-2017 --seed 2 \
    --records "$out/$1.jsonl" | tee "$out/$1.txt"
}
measure() {
  rates noise-b8-n4 designs/front/b8-n4-[0-9]*.safetensors designs/front/b8-n4-construct-*.safetensors \
    "$work"/from-*.safetensors designs/b8-n4.safetensors designs/b8-n4-tolerant.safetensors \
    designs/b8-n4-constructed.safetensors
}
measure_structures() { rates noise-b8-n4-structures designs/front/b8-n4-structure-*.safetensors; }

# Other devices: constructed as wide as they are, beside the published structures. The inputs are too many for all.
devices() {
  for device in b8-n6 b8-n8 b8-n16 b8-n64 b16-n4 b16-n6 b32-n4; do
    "$optinc" verify "designs/front/$device.safetensors" --by-stage
    "$optinc" area "designs/front/$device.safetensors"
  done | tee "$out/devices.txt"
  mkdir -p "$work/published"
  for device in b8-n8 b8-n16 b16-n4; do cp "designs/$device.safetensors" "$work/published/$device-published.safetensors"; done
  "$optinc" noise designs/front/b{8-n6,8-n8,8-n16,8-n64,16-n4,16-n6,32-n4}.safetensors "$work"/published/*.safetensors \
    --sample 20000 --draws 2 --sigma 1e-5,1e-4,3e-4,1e-3,3e-3 --seed 2 --records "$out/noise-devices.jsonl" |
    tee "$out/noise-devices.txt"
}

# reach_of NAME "BITS INPUTS"... -- SERVERS...: which devices can be constructed: proved by stage, or refused.
reach_of() {
  local name=$1 devices=()
  shift
  while [[ $1 != -- ]]; do devices+=("$1") && shift; done
  shift
  for device in "${devices[@]}"; do
    read -r bits inputs <<<"$device"
    printf '%s bits, %s inputs, servers' "$bits" "$inputs"
    for servers in "$@"; do
      "$optinc" design --construct --bits "$bits" --inputs "$inputs" --servers "$servers" --out "$work/reach.safetensors" \
        >/dev/null 2>&1 && printf ' %s' "$servers"
    done
    printf '\n'
  done | tee "$out/$name.txt"
}
reach() {
  reach_of reach "8 4" "8 2" "8 1" -- $(seq 2 32) 36 40 48 56 64 72 80 96 100 128 192 256 384 512 768 1000 1024
}
# Of more bits, fewer servers: a minute each where there are many.
reach_wide() { reach_of reach-wide "16 8" "16 4" "32 16" -- $(seq 2 12) 16 24 31 32 48 64 100 128 192 256; }

if (($# == 0)); then set -- search structures designs train measure measure_structures devices reach reach_wide; fi
for part in "$@"; do "$part"; done
