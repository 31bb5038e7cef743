#!/usr/bin/env bash
# Every check of the project. A stage that fails does not stop the later ones; the exit code is 1 if any failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

usage() {
  cat <<'EOF'
Usage: ./test.sh [--quick]

Installs what is missing from Debian's packages, then builds and runs the tests (build/), the same under AddressSanitizer
and UndefinedBehaviorSanitizer (build-sanitize/: without LibTorch and MPI), and checks includes, format and clang-tidy.
Tests that need data sets look for them in $OPTINC_DATA and say so when they skip.

  --quick  only the tests of the release build
  --help   this text
EOF
}

quick=false
for argument in "$@"; do
  case "$argument" in
    --quick) quick=true ;;
    -h | --help)
      usage
      exit 0
      ;;
    *)
      echo "test.sh: $argument: unknown; expected --quick or --help" >&2
      exit 2
      ;;
  esac
done

dev/setup.sh test
source dev/common.sh
SECONDS=0
passed=0
failed=0
summary=()

# stage TITLE COMMAND...: runs and times one stage. The command leaves what it counted in stage_passed and stage_failed; one
# that counts nothing counts as one check itself.
stage() {
  local title=$1 start=$SECONDS outcome=0
  shift
  stage_passed=0 stage_failed=0
  heading "$title"
  "$@" || outcome=$?
  if ((stage_passed + stage_failed == 0)); then ((outcome == 0)) && stage_passed=1 || stage_failed=1; fi
  if ((outcome != 0 && stage_failed == 0)); then stage_failed=1; fi
  passed=$((passed + stage_passed)) failed=$((failed + stage_failed))
  summary+=("$(printf '%-28s %5d passed %3d failed %10s' "$title" "$stage_passed" "$stage_failed" \
    "$(duration $((SECONDS - start)))")")
}

# Single cases are counted, not binaries: ctest leaves what every test printed in an XML file.
run_ctest() {
  local results=$PWD/$2/ctest.xml outcome=0
  rm -f "$results"
  ctest --preset "$1" --parallel "$jobs" --output-junit "$results" --test-output-size-passed 100000000 \
    --test-output-size-failed 100000000 --no-tests=error || outcome=$?
  read -r stage_passed stage_failed < <(python3 dev/count_tests.py "$results") || return 1
  return "$outcome"
}

check_format() { find src tests python \( -name '*.h' -o -name '*.cc' \) -print0 | xargs -0 clang-format --dry-run -Werror; }

stage "Build: release" configure_and_build release
stage "Tests: release" run_ctest release build
if ! $quick; then
  stage "Build: sanitize" configure_and_build sanitize
  stage "Tests: sanitize" run_ctest sanitize build-sanitize
  stage "Tests: dev" python3 -m unittest discover --start-directory dev --pattern '*_test.py'
  stage "Includes" python3 dev/check_includes.py
  stage "Format" check_format
  stage "clang-tidy" python3 dev/tidy.py
fi

heading "Summary"
printf '%s\n' "${summary[@]}"
echo "Everything took $(duration "$SECONDS")."
echo
echo "$passed passed, $failed failed"
((failed == 0))
