#!/usr/bin/env bash
# Builds and runs every benchmark (optinc_*_perf); what Google Benchmark measured is left in output/bench/*.json.
#
#   dev/bench.sh [FOLDER...] [-- BENCHMARK_FLAG...]
#   dev/bench.sh codec -- --benchmark_filter=Quantise --benchmark_min_time=1
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source dev/common.sh

folders=()
while (($#)) && [[ "$1" != -- ]]; do
  folders+=("$1")
  shift
done
flags=("${@:2}")
if ((!${#folders[@]})); then
  mapfile -t folders < <(find src/optinc -name '*.perf.cc' -printf '%h\n' | sed 's|.*/||' | sort -u)
fi

dev/setup.sh run
targets=("${folders[@]/#/optinc_}")
configure_and_build release "${targets[@]/%/_perf}"
mkdir -p output/bench
for folder in "${folders[@]}"; do
  heading "$folder"
  "$(find build -name "optinc_${folder}_perf" -type f)" --benchmark_min_time=0.1 --benchmark_out_format=json \
    --benchmark_out="output/bench/$folder.json" "${flags[@]}"
done
