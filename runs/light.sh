#!/usr/bin/env bash
# What coupler and phase errors do to b8-n4, with every way of programming, and the error laws of random meshes.
# Records: runs/light/. About ten minutes on two cores.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
optinc=$(realpath "${OPTINC:-build/optinc}")
out=$PWD/runs/light
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"
"$optinc" compile designs/b8-n4.safetensors --out "$work/b8-n4.json" --records "$out/program.jsonl" >/dev/null
"$optinc" compile designs/b8-n4.safetensors --layout triangular --cell 3-mzi --out "$work/b8-n4-3mzi.json" >/dev/null
cd "$work"

sigmas=0.001,0.003,0.005,0.01,0.02,0.03,0.05
"$optinc" simulate b8-n4.json --chips 20 --sweep "coupler.imbalance_rms_rad=$sigmas" \
  --correction none,local,self-configured --records "$out/imbalance.jsonl" | tee "$out/imbalance.txt"
"$optinc" simulate b8-n4-3mzi.json --chips 20 --sweep "coupler.imbalance_rms_rad=$sigmas" \
  --correction none,self-configured --records "$out/imbalance-3mzi.jsonl" | tee "$out/imbalance-3mzi.txt"
"$optinc" simulate b8-n4.json --chips 20 --sweep "phase_shifter.error_rms_rad=0.0003,0.001,0.003,0.01,0.03" \
  --records "$out/phase.jsonl" | tee "$out/phase.txt"
"$optinc" link-budget b8-n4.json --hardware silicon --records "$out/link-budget.jsonl" | tee "$out/link-budget.txt"
for preset in silicon silicon-nitride shen-2017; do
  "$optinc" simulate b8-n4.json --chips 5 --hardware "$preset" --correction none,self-configured --sensitivity \
    --records "$out/$preset.jsonl" | tee "$out/$preset.txt"
done
# A hundred chips with phase error, imbalance and the noise of detectors: the time stands in the records.
time "$optinc" simulate b8-n4.json --chips 100 --set coupler.imbalance_rms_rad=0.001 \
  --set phase_shifter.error_rms_rad=0.001 --set detector.thermal_noise_pa_per_sqrt_hz=10 --set detector.shot_noise=1 \
  --set transmitter.emission_power_dbm=10 --records "$out/hundred.jsonl" | tee "$out/hundred.txt"

"$optinc" error-law --sizes 64,128,256 --samples 10 --records "$out/error-law.jsonl" | tee "$out/error-law.txt"
"$optinc" error-law --sizes 64,128,256 --samples 10 --layout triangular --records "$out/error-law-triangular.jsonl" |
  tee "$out/error-law-triangular.txt"
"$optinc" error-law --sizes 64,128,256 --sigma 0.02,0.05 --samples 5 --layout triangular --cell 3-mzi \
  --records "$out/error-law-3mzi.jsonl" | tee "$out/error-law-3mzi.txt"
