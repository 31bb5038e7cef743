#!/bin/sh
# Opens a report in headless Chromium and fails unless every chart was drawn and every mesh painted, no script failed or warned,
# and nothing outside the file is asked for:
#     tests/browser/report_test.sh REPORT.html
# Exit code 0: all good; 1: something is wrong, said in one line; 2: no such file; 77: no Chromium.
set -eu

if [ $# -ne 1 ] || [ ! -f "$1" ]; then
  echo "usage: $0 REPORT.html (a file made by 'optinc report')" >&2
  exit 2
fi
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -z "$browser" ]; then
  echo "$0: skipped, no chromium" >&2
  exit 77
fi
page=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

open_page() {
  # $1: file, what follows: further flags
  file=$1
  shift
  timeout 90 "$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
    --disable-component-update --disable-sync --user-data-dir="$work/profile" --virtual-time-budget=20000 "$@" "file://$file"
}

check() {
  python3 - "$1" "$2" <<'PYTHON'
import html.parser, json, re, sys

path, scheme = sys.argv[1:]


def fail(message):
    sys.exit(f"report_test ({scheme}): {message}")


class Dom(html.parser.HTMLParser):
    """What the rendered page holds: charts and the <svg> in each, links, the summary."""

    def __init__(self):
        super().__init__()
        self.root, self.charts, self.outside, self.data = {}, {}, [], {}
        self.chart, self.script, self.depth, self.meshes = None, None, 0, 0

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "html":
            self.root = attributes
        if tag == "div":
            self.depth += 1
            if attributes.get("class") == "chart":
                self.chart, self.start = attributes["id"], self.depth
                self.charts[self.chart] = {"svg": 0, "marks": 0}
        if self.chart and tag == "svg":
            self.charts[self.chart]["svg"] += 1
        if self.chart and tag in ("path", "text"):
            self.charts[self.chart]["marks"] += 1
        if tag == "canvas" and attributes.get("class") == "phases":
            # Painted: as many pixels as columns and modes, or a multiple.
            side = int(attributes.get("width", 0)) // int(attributes["data-columns"])
            self.meshes += side > 0 and int(attributes.get("height", 0)) == side * int(attributes["data-modes"])
        if tag == "script":
            self.script = attributes.get("id")
        for name in ("src", "href", "xlink:href", "srcset", "action", "poster", "data"):
            if attributes.get(name) and not attributes[name].startswith("#"):
                self.outside.append(f"<{tag} {name}={attributes[name]!r}>")

    def handle_endtag(self, tag):
        if tag == "div":
            if self.chart and self.depth == self.start:
                self.chart = None
            self.depth -= 1
        if tag == "script":
            self.script = None

    def handle_data(self, data):
        if self.script:
            self.data[self.script] = self.data.get(self.script, "") + data


with open(path, encoding="utf-8") as file:
    text = file.read()
dom = Dom()
dom.feed(text)
if "data-errors" in dom.root:
    fail(f"a script failed: {dom.root['data-errors']}")
if "data-hostile" in dom.root:
    fail("a script from a record ran")
expected = [chart["id"] for chart in json.loads(dom.data["charts"])]
if int(dom.root.get("data-drawn", -1)) != len(expected) or sorted(dom.charts) != sorted(expected):
    fail(f"{dom.root.get('data-drawn')} charts drawn of {len(expected)}")
painted_of = text.count('<canvas class="phases"')
if int(dom.root.get("data-painted", -1)) != dom.meshes or painted_of != dom.meshes:
    fail(f"{dom.meshes} meshes painted of {painted_of}")
for name, found in dom.charts.items():
    if found["svg"] != 1 or found["marks"] < 5:
        fail(f"{name} has {found['svg']} <svg> and {found['marks']} marks, expected 1 and at least 5")
if dom.outside:
    fail(f"refers to something outside: {dom.outside[0]}")
if re.search(r"url\(\s*['\"]?(?!#)", re.sub(r"<script.*?</script>", "", text, flags=re.S)):
    fail("a style refers to something outside")
summary = json.loads(dom.data["summary"])
if summary.get("format") != "optinc-report-summary/2":
    fail("no summary")
print(f"report_test ({scheme}): {len(expected)} charts, {dom.meshes} meshes, no error, nothing from outside")
PYTHON
}

open_page "$page" --dump-dom --window-size=1280,900 >"$work/light.html" 2>"$work/log"
check "$work/light.html" "light, 1280 wide"
open_page "$page" --dump-dom --window-size=500,900 --blink-settings=preferredColorScheme=0 >"$work/dark.html" 2>"$work/log"
check "$work/dark.html" "dark, 500 wide"
