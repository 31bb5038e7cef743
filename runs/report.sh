#!/usr/bin/env bash
# The whole report: every table and figure of the paper beside ours, on one page. Some ten minutes on two cores: designs of 16
# bits are verified on every input.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p output
build/optinc reproduce all --records output/reproduce --out output/report.html
