#!/usr/bin/env bash
# `optinc search` over 2 and 3 processes of mpirun gives the records and designs of one process, to the bit, a search that
# was cut and goes on over other ranks included.
#   search_check.sh OPTINC FOLDER MPIRUN...
set -euo pipefail
optinc=$1 folder=$2
shift 2
rm -rf "$folder"
mkdir -p "$folder"
search() {  # OUT GENERATIONS COMMAND...
  local out=$1 generations=$2
  shift 2
  "$@" search --bits 4 --servers 3 --population 8 --generations "$generations" --sample 64 --most-mzis 9000 --chips 1 \
    --set phase_shifter.error_rms_rad=0.01 --threads 1 --out "$folder/$out" --json >/dev/null
}
search one 2 "$optinc"
search two 2 "$@" 2 "$optinc"
search cut 1 "$optinc"
"$@" 3 "$optinc" search --bits 4 --servers 3 --population 8 --generations 2 --sample 64 --most-mzis 9000 --chips 1 \
  --set phase_shifter.error_rms_rad=0.01 --threads 1 --out "$folder/cut" --resume --json >/dev/null
for other in two cut; do
  for file in "$folder"/one/*.safetensors; do cmp "$file" "$folder/$other/$(basename "$file")"; done
  diff <(grep '"type":"generation"' "$folder/one/search.records.jsonl") \
    <(grep '"type":"generation"' "$folder/$other/search.records.jsonl")
done
