#!/usr/bin/env bash
# The designs that are constructed: the two large devices of Tables I and II in the published structures, all four
# structures of Table I with every layer approximated, and a cascade's levels. Seconds each, but for verifying every input.
# They go to output/; designs/ has copies.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p output
construct() {
  local name=$1
  shift
  build/optinc design --construct "$@" --out "output/$name.safetensors"
}
b8_n8=4,64,128,256,512,256,128,64,4
b8_n16=4,64,128,256,512,1024,512,256,128,64,4
b16_n4=4,64,128,256,512,256,128,64,8
cascade=4,64,64,128,256,128,64,64,4

construct b8-n16 --bits 8 --servers 16 --layers $b8_n16 --approximate 2-9 --rounding every
construct b16-n4 --bits 16 --servers 4 --layers $b16_n4 --approximate 4-6 --rounding every
for layers in 4-7 4-8 3-6 3-7; do
  construct "b16-n4-l$layers" --bits 16 --servers 4 --layers $b16_n4 --approximate "$layers"
done

construct b8-n4-constructed --bits 8 --servers 4 --layers 4,64,128,256,128,64,4 --approximate all
construct b8-n8-constructed --bits 8 --servers 8 --layers $b8_n8 --approximate all
construct b8-n16-constructed --bits 8 --servers 16 --layers $b8_n16 --approximate all
construct b16-n4-constructed --bits 16 --servers 4 --layers $b16_n4 --approximate all

for level in 1 2; do
  construct "b8-n4-cascade-$level-constructed" --bits 8 --servers 4 --layers $cascade --approximate all \
    --role "cascade-level-$level"
done
