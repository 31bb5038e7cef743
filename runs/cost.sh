#!/usr/bin/env bash
# What the README says of costs at scale, seconds of work: figures 6 and 7b beside the paper, and ResNet50's gradients over 4 servers
# with everything counted, quantised apart and where they are made. What is printed and recorded: runs/cost/. SimGrid's part is
# runs/simgrid.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p runs/cost
for figure in fig6 fig7b; do
  build/optinc reproduce "$figure" --records "runs/cost/$figure.jsonl" | tee "runs/cost/$figure.txt"
done
build/optinc model --design designs/b8-n4.safetensors | tee runs/cost/model.txt
build/optinc model --design designs/b8-n4.safetensors --fused | tee runs/cost/model-fused.txt
