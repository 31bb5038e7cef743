#!/usr/bin/env bash
# The whole path, once: an optical neural network is trained until it is right on every possible input and its
# interferometers are counted; four workers then train a language model with every gradient going through it, beside the
# same training with ring all-reduce; a page with the curves opens at the end.
set -euo pipefail

usage() {
  cat <<'EOF'
Usage: ./run.sh [--data FILE_OR_FOLDER]

Installs what is missing from Debian's packages, builds build/optinc, and runs the whole path: design, verify, area, train
(ring all-reduce, then OptINC), report. Everything it makes is in output/; the page is output/report.html.

  --data FILE_OR_FOLDER  text to train on, instead of the Wikipedia excerpt that comes with the repository
  --help                 this text
EOF
}

refuse() {
  echo "run.sh: $1" >&2
  exit 2
}

data=()
while (($#)); do
  case "$1" in
    --data)
      (($# >= 2)) || refuse "--data: expected a file or a folder of text"
      [[ -e "$2" ]] || refuse "--data $2: no such file or folder"
      data=(--data "$(realpath "$2")")
      shift 2
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) refuse "$1: unknown; expected --data FILE_OR_FOLDER or --help" ;;
  esac
done

cd "$(dirname "${BASH_SOURCE[0]}")"
source dev/common.sh
SECONDS=0

heading "Set-up"
dev/setup.sh run

heading "Build"
configure_and_build release optinc

optinc=build/optinc
design=output/b8-n4.safetensors
mkdir -p output

heading "Design an ONN for 8 bits and 4 servers"
"$optinc" design --bits 8 --servers 4 --layers 4,64,128,256,128,64,4 --approximate all --rounding nearest --seed 1 \
  --out "$design"

heading "Verify it on every possible input"
"$optinc" verify "$design"

heading "Count its interferometers"
"$optinc" area "$design"

heading "Train a language model on 4 workers: ring all-reduce"
"$optinc" train --reduce ring --workers 4 --seed 1 "${data[@]}" --records output/ring.jsonl

heading "The same training, every gradient through the design"
"$optinc" train --reduce optinc --design "$design" --workers 4 --seed 1 "${data[@]}" --records output/optinc.jsonl

heading "Report"
"$optinc" report output/*.jsonl --out output/report.html
echo "Everything took $(duration "$SECONDS")."
page="file://$PWD/output/report.html"
if [[ -n "${DISPLAY-}${WAYLAND_DISPLAY-}" ]] && command -v xdg-open >/dev/null; then
  xdg-open "$page" >/dev/null 2>&1 || true
fi
echo "$page"
