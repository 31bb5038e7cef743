#!/usr/bin/env bash
# The cost model beside SimGrid: ResNet50's gradients over 4 .. 256 hosts, and 1024 if asked for (half an hour more).
#
#   runs/simgrid.sh [HOSTS]     default 4,6,16,64,256; runs/cost/simgrid.txt and .jsonl
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p runs/cost
python3 tests/simgrid/simgrid_check.py build/optinc build/tests/simgrid/play_goal output/simgrid --hosts "${1:-4,6,16,64,256}" \
  --records runs/cost/simgrid.jsonl | tee runs/cost/simgrid.txt
