#!/usr/bin/env bash
# simple-git 4.0.2: `diffSummary()` gives 4069 insertions for a file that has 9000, and 5 deletions for 10.
#
# The summary has insertions and deletions for the whole and for each file, and one would expect the files to add up to the
# whole. The whole is what git says. A file's numbers are the plus and minus signs of the bar that `git diff --stat` draws
# beside its name, and git makes all bars shorter where the largest does not fit on the line, here of 4096 characters. So
# with one large file in the diff, such as a lock file or a recorded run, the numbers of every file are wrong: 1 and 2 for
# a change of 2 and 4, without a word. `changes` is right, and with the argument `--numstat` so are all.
#
# Needs git, Node 20 or later and npm. Fails where the behaviour has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts simple-git@4.0.2
git init --quiet project
(
  cd project
  seq -f "old %g" 10 > package.lock
  printf '%s\n' one two three four five six > small.txt
  git add .
  git -c user.name=someone -c user.email=someone@example.org commit --quiet --message first
  seq -f "new %g" 9000 > package.lock
  printf '%s\n' one 2 3 six > small.txt
)
cat > ask.js <<'JS'
const { simpleGit } = require("simple-git");
const shown = (name, one) => console.log(`${name}: ${one.insertions} insertions, ${one.deletions} deletions`);
(async () => {
  for (const args of [[], ["--numstat"]]) {
    const summary = await simpleGit("project").diffSummary(args);
    shown(["diffSummary", ...args].join(" "), summary);
    for (const file of summary.files) shown(`  ${file.file} (${file.changes} changes)`, file);
  }
})();
JS
node ask.js | tee found
git -C project diff --numstat
diff found - <<'EXPECTED'
diffSummary: 9002 insertions, 14 deletions
  package.lock (9010 changes): 4069 insertions, 5 deletions
  small.txt (6 changes): 1 insertions, 2 deletions
diffSummary --numstat: 9002 insertions, 14 deletions
  package.lock (9010 changes): 9000 insertions, 10 deletions
  small.txt (6 changes): 2 insertions, 4 deletions
EXPECTED
echo "as described"
