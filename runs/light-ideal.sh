#!/usr/bin/env bash
# Every 8-bit design that ships, compiled and run on one ideal chip: every input, against the ONN. Prints symbols wrong, codes
# that differ from the ONN's and the largest difference of a level. Minutes, b8-n16 most of them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
optinc=${OPTINC:-build/optinc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for design in b8-n4 b8-n4-nearest b8-n4-tolerant b8-n4-tolerant-nearest b8-n4-cascade-1 b8-n4-cascade-2 b8-n4-cascade-2-nearest b8-n8 b8-n8-nearest \
  b8-n4-constructed b8-n8-constructed b8-n4-cascade-1-constructed b8-n4-cascade-2-constructed \
  b8-n16 b8-n16-nearest b8-n16-constructed; do
  [[ -f designs/$design.safetensors ]] || continue
  "$optinc" compile "designs/$design.safetensors" --out "$work/p.json" >/dev/null
  "$optinc" simulate "$work/p.json" --against "designs/$design.safetensors" --json >"$work/answer.json"
  python3 - "$design" "$work/answer.json" <<'PYTHON'
import json, sys
found = json.load(open(sys.argv[2]))
print(f"{sys.argv[1]:30} {found['inputs']:>9} inputs, {found['wrong']} wrong, {found['different']} codes differ, "
      f"largest difference {found['largest_difference']:.3g} levels", flush=True)
PYTHON
done
