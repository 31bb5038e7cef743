#!/usr/bin/env bash
# All-reduce algorithms side by side, 8 B to 256 MB, 4 ranks over MPI, every result checked; then the codec beside memcpy on
# one core, and the 16-bit optics. Printed and kept in runs/collective/. Alone on the machine, please: about 12 minutes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=runs/collective
mpirun=(mpirun --allow-run-as-root --oversubscribe -np 4)

"${mpirun[@]}" build/optinc perf -b 8 -e 256M -f 2 -n 10 -w 2 --algorithm all -J "$out/perf.json" | tee "$out/perf.txt"
for run in 1 2 3; do
  "${mpirun[@]}" build/optinc perf -b 64M -e 64M -n 10 -w 2 --algorithm all
done | tee "$out/perf-64M.txt"
"${mpirun[@]}" build/optinc perf -b 64M -e 64M -n 10 -w 2 --algorithm all --design designs/b16-n4.safetensors |
  tee "$out/perf-16-bits.txt"
"${mpirun[@]}" build/optinc perf -b 64M -e 64M -n 10 -w 2 -o reduce_scatter,all_gather --algorithm optinc,ring |
  tee "$out/perf-scatter-gather.txt"
build/src/optinc/codec/optinc_codec_perf --benchmark_filter=MiB --benchmark_min_time=0.5 --benchmark_counters_tabular=true \
  2>/dev/null | tee "$out/codec.txt"
