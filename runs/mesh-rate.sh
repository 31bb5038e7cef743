#!/usr/bin/env bash
# Decomposition and both propagation engines beside zgemm, one thread; printed to runs/light/mesh-rate.txt. A minute and a half.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build/src/optinc/mesh/optinc_mesh_perf 2>/dev/null | tee runs/light/mesh-rate.txt
