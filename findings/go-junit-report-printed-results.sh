#!/usr/bin/env bash
# go-junit-report 2.1.0: a test that failed is passed in the XML where another test logs such a line, also with `-parser gojson`.
#
# It turns the output of `go test` into JUnit XML, for CI and for what counts solved cases. With `go test -json` each test
# ends with an event that says whether it passed, and `-parser gojson` is for that output, so one would expect those
# events to decide. It takes the text out of the events and looks in it for lines such as `--- PASS: TestSum`, which may
# begin anywhere in a line. A test that logs the output of other tests, as tests of runners, graders and agents do,
# overwrites the results of tests of these names, in both directions, and adds those that do not exist: a case
# failed in a run in which all passed, where `-set-exit-code` ends with 1. What it logged is cut there. The README names
# no such limit. Take the events.
#
# Needs Go 1.21 or later and Python 3, and about 100 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
GOBIN=$folder GOFLAGS=-modcacherw go install github.com/jstemmer/go-junit-report/v2@v2.1.0 2> installed || cat installed
cat > go.mod <<'MOD'
module sample
go 1.21
MOD
cat > compare.py <<'PY'
import json
import pathlib
import xml.etree.ElementTree as ET

events = [json.loads(line) for line in pathlib.Path("events.json").read_text().splitlines()]
ends = {one["Test"]: one["Action"] for one in events if "Test" in one and one["Action"] in ("pass", "fail")}
print("events", ends)
found = ET.parse("report.xml").getroot().iter("testcase")
print("report", {one.get("name"): next((c.tag for c in one if c.tag != "system-out"), "pass") for one in found})
PY
tried() { # the line that is logged, the second argument of the comparison
  cat > sample_test.go <<GO
package sample

import "testing"

func TestSum(t *testing.T) {
	if 1+2 != $2 {
		t.Error("not the sum")
	}
}

func TestRunner(t *testing.T) {
	output := "$1"
	t.Log("a run of the sample:", output)
	if output == "" {
		t.Error("nothing was run")
	}
}
GO
  echo "go test: exit status $(go test -json . > events.json && echo 0 || echo 1), logged: $1"
  echo "report: exit status $(./go-junit-report -parser gojson -set-exit-code -in events.json -out report.xml && echo 0 || echo 1)"
  python3 compare.py
}
{
  tried "--- PASS: TestSum (0.00s)" 4
  tried "--- FAIL: TestSum (0.00s)" 3
  tried "--- FAIL: TestProduct (0.00s)" 3
  tried "FAIL: TestSum" 3
} | tee found
diff found - <<'EXPECTED'
go test: exit status 1, logged: --- PASS: TestSum (0.00s)
report: exit status 1
events {'TestSum': 'fail', 'TestRunner': 'pass'}
report {'TestSum': 'pass', 'TestRunner': 'pass', 'Failure': 'error'}
go test: exit status 0, logged: --- FAIL: TestSum (0.00s)
report: exit status 1
events {'TestSum': 'pass', 'TestRunner': 'pass'}
report {'TestSum': 'failure', 'TestRunner': 'pass'}
go test: exit status 0, logged: --- FAIL: TestProduct (0.00s)
report: exit status 1
events {'TestSum': 'pass', 'TestRunner': 'pass'}
report {'TestSum': 'pass', 'TestRunner': 'pass', 'TestProduct': 'failure'}
go test: exit status 0, logged: FAIL: TestSum
report: exit status 0
events {'TestSum': 'pass', 'TestRunner': 'pass'}
report {'TestSum': 'pass', 'TestRunner': 'pass'}
EXPECTED
echo "as described"
