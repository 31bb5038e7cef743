#!/usr/bin/env bash
# Everything that README.md says of the designs that ship: verified on every input, the paper's tables beside ours, the
# cascade proved and sampled, the rates under noise. Records and what was printed: runs/designs/. About 40 minutes on two cores.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=runs/designs
mkdir -p "$out"

# Seconds, GFLOP/s and sgemm's rate of each: on a quiet machine.
for design in designs/*.safetensors; do
  echo "== $(basename "$design")"
  build/optinc verify "$design"
done 2>/dev/null | tee "$out/verify.txt"

for table in table1 table2 cascade; do
  build/optinc reproduce "$table" --records "$out/$table.jsonl"
done 2>/dev/null | tee "$out/reproduce.txt"

# Both levels trained; level 1 constructed below a trained level 2; both constructed.
cascade() { build/optinc cascade "designs/$2.safetensors" "designs/$3.safetensors" --samples 5000000 --records "$out/cascade-$1.jsonl"; }
{
  cascade trained b8-n4-cascade-1 b8-n4-cascade-2
  cascade mixed b8-n4-cascade-1-constructed b8-n4-cascade-2
  cascade constructed b8-n4-cascade-1-constructed b8-n4-cascade-2-constructed
} 2>/dev/null | tee "$out/cascade.txt"

# Every input of the small devices, 10 draws of noise each; a sample of 20,000 of the larger ones, 2 draws.
small=(designs/b8-n4*.safetensors)
large=(designs/b8-n8*.safetensors designs/b8-n16*.safetensors designs/b16-n4*.safetensors)
{
  build/optinc noise "${small[@]}" --records "$out/noise-small.jsonl"
  build/optinc noise "${large[@]}" --sample 20000 --draws 2 --records "$out/noise-large.jsonl"
} 2>/dev/null | tee "$out/noise.txt"
