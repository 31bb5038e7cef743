#!/usr/bin/env bash
# The paper's two training experiments (its figure 7a), paired: of one seed every run has the same start, the same batches and
# the same order, and only the reduction of gradients differs. Records: runs/fig7a/; `build/optinc reproduce fig7a` shows them.
#
#   OPTINC_DATA=DATA runs/fig7a.sh [PART ..]     DATA has cifar-100-binary/ and wikipedia/
#
# Parts: resnet20 resnet50 llama-small llama-small-shipped llama; default: all, one after the other (about half a day on two
# cores). What has its result is left alone, what was broken off goes on from its checkpoint (in output/), to the same bits.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
: "${OPTINC_DATA:?expected the folder with cifar-100-binary/ and wikipedia/}"
optinc=${OPTINC:-build/optinc}
checkpoints=output/fig7a

# run PART NAME SEED FLAG ..
run() {
  local records=runs/fig7a/$1/$2-seed$3.jsonl checkpoint=$checkpoints/$1-$2-seed$3.checkpoint resume=()
  mkdir -p "runs/fig7a/$1" "$checkpoints"
  if grep -qs '"type":"result"' "$records"; then return; fi
  if [[ -e $checkpoint && -e $records ]]; then resume=(--resume); fi
  echo "$1 $2 seed $3"
  "$optinc" train --workers 4 --seed "$3" --records "$records" --checkpoint "$checkpoint" "${resume[@]}" "${@:4}"
}

# Reducers. The plain scheme: the device discards decimals, as the paper has it, and scales are powers of two. The best of rounding, scale
# and error feedback; and between them what a design that ships does, trained and right on every input.
plain=(--reduce optinc --bits 8 --rounding floor --scale-format exponent8)
best=(--reduce optinc --bits 8 --rounding nearest-unbiased --scale-format absmax16 --error-feedback)
nearest=(--reduce optinc --design designs/b8-n4-nearest.safetensors --scale-format absmax16)
bits16=(--reduce optinc --bits 16 --rounding floor --scale-format exponent8)

resnet20() {
  local common=(--model resnet20 --data "$OPTINC_DATA/cifar-100-binary" --epochs 15 --validate-epochs 3)
  for seed in 1 2 3; do
    run resnet20 exact $seed --reduce exact "${common[@]}"
    run resnet20 optinc8-plain $seed "${plain[@]}" "${common[@]}"
    run resnet20 optinc8-best $seed "${best[@]}" "${common[@]}"
    if ((seed == 1)); then
      run resnet20 optinc16 $seed "${bits16[@]}" "${common[@]}"
      run resnet20 optinc16-table2 $seed "${bits16[@]}" --inject table2:3-6 "${common[@]}"
    fi
  done
}

resnet50() {
  local common=(--model resnet50 --stem imagenet --data "$OPTINC_DATA/cifar-100-binary" --epochs 8 --batch 64 --learning-rate
    0.2 --validate-epochs 2 --checkpoint-every 49)
  run resnet50 exact 1 --reduce exact "${common[@]}"
  run resnet50 optinc16 1 "${bits16[@]}" "${common[@]}"
}

small=(--data "$OPTINC_DATA/wikipedia" --vocab 1024 --tokeniser-cache "$checkpoints" --steps 3000 --validate-every 500
  --checkpoint-every 500 --warmup-steps 100)

llama_small() {
  for seed in 1 2 3; do
    run llama-small exact $seed --reduce exact "${small[@]}"
    run llama-small optinc8-plain $seed "${plain[@]}" "${small[@]}"
    run llama-small optinc8-best $seed "${best[@]}" "${small[@]}"
  done
}

llama_small_shipped() {
  for seed in 1 2 3; do
    run llama-small optinc8-nearest $seed "${nearest[@]}" "${small[@]}"
  done
}

llama() {
  local common=(--data "$OPTINC_DATA/wikipedia" --layers 8 --hidden 384 --heads 8 --vocab 4096 --context 128 --batch 4
    --tokeniser-cache "$checkpoints" --steps 500 --validate-every 100 --checkpoint-every 50 --warmup-steps 50 --learning-rate 0.002)
  run llama exact 1 --reduce exact "${common[@]}"
  run llama optinc16 1 "${bits16[@]}" "${common[@]}"
  run llama optinc8-best 1 "${best[@]}" "${common[@]}"
}

if (($# == 0)); then set -- resnet20 resnet50 llama-small llama-small-shipped llama; fi
for part in "$@"; do
  case $part in
    resnet20 | resnet50 | llama-small | llama-small-shipped | llama) "${part//-/_}" ;;
    *)
      echo "runs/fig7a.sh: part $part: expected resnet20, resnet50, llama-small, llama-small-shipped or llama" >&2
      exit 2
      ;;
  esac
done
