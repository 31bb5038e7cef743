#!/usr/bin/env bash
# b8-n4 trained on with simulated chips in the loop (phase errors of 5 mrad rms), and what that buys: 20 chips a point, the same
# chips for both designs. `control` went through the same training without errors. Minutes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
optinc=$(realpath "${OPTINC:-build/optinc}")
out=$PWD/runs/light
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
train() {
  "$optinc" design --start designs/b8-n4.safetensors --layers 4,64,128,256,128,64,4 --approximate all --rounding every \
    --noise ideal --first-stage-epochs 0 --learning-rate 4e-3 --margin 0.15 --epochs 300 --noise-until 0.5 --seed 1 "$@"
}
train --noise-set phase_shifter.error_rms_rad=0.005 --out designs/b8-n4-tolerant.safetensors
train --out "$work/control.safetensors"
cp designs/b8-n4.safetensors designs/b8-n4-tolerant.safetensors "$work"
cd "$work"
for design in b8-n4 b8-n4-tolerant control; do
  "$optinc" compile $design.safetensors --out $design.json >/dev/null
  "$optinc" simulate $design.json --chips 20 --sweep phase_shifter.error_rms_rad=0.001,0.003,0.01 \
    --records "$out/noise-aware-$design-phase.jsonl" | tee "$out/noise-aware-$design-phase.txt"
  "$optinc" simulate $design.json --chips 20 --sweep coupler.imbalance_rms_rad=0.003,0.01,0.02 \
    --records "$out/noise-aware-$design-imbalance.jsonl" | tee "$out/noise-aware-$design-imbalance.txt"
  "$optinc" noise $design.safetensors --records "$out/noise-aware-$design-noise.jsonl"
done
