#!/usr/bin/env bash
# agentevals 0.0.9: `tool_args_match_mode="superset"` asks for the opposite in one mode of trajectories, and is "exact" in another.
#
# Two arguments say how calls of tools are compared: which calls there must be, and how their arguments. With "superset"
# for the arguments an agent may give more than the reference has, as with `strict` and `superset` trajectories. With a
# `subset` trajectory the two sides are exchanged to compare the calls, and with them the arguments: now more of them fail,
# and an argument that was left out passes, which is what "subset" means. With `unordered` both directions must hold, so
# "subset" and "superset" are "exact". The same log has opposite verdicts, without an error. A function in
# `tool_args_match_overrides` gets the sides exchanged in the same way.
#
# Needs Python 3.11 or later and about 200 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check agentevals==0.0.9 openevals==0.2.2 langchain-core==1.8.3
cat > ask.py <<'PY'
import json

from agentevals.trajectory.match import create_trajectory_match_evaluator


def trajectory(**arguments):
    call = {"id": "1", "type": "function", "function": {"name": "search", "arguments": json.dumps(arguments)}}
    return [
        {"role": "user", "content": "Find it."},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "1", "content": "found"},
        {"role": "assistant", "content": "Found."},
    ]


reference = trajectory(text="it", limit=5)
SAID = {
    "one more": trajectory(text="it", limit=5, page=1),
    "one less": trajectory(text="it"),
    "another": trajectory(text="this", limit=5),
}
for arguments in ("superset", "subset"):
    for mode in ("strict", "superset", "subset", "unordered"):
        judge = create_trajectory_match_evaluator(trajectory_match_mode=mode, tool_args_match_mode=arguments)
        verdicts = {name: judge(outputs=said, reference_outputs=reference)["score"] for name, said in SAID.items()}
        print(f"arguments {arguments}, trajectory {mode}: {verdicts}")


def shown(said, right):
    print("a function of one's own is given", said, "as said and", right, "as right")
    return True


for mode in ("superset", "subset"):
    judge = create_trajectory_match_evaluator(trajectory_match_mode=mode, tool_args_match_overrides={"search": shown})
    print(f"trajectory {mode}:", end=" ")
    judge(outputs=SAID["one less"], reference_outputs=reference)
PY
env/bin/python -W ignore ask.py 2> errors | tee found || { cat errors; exit 1; }
diff found - <<'EXPECTED'
arguments superset, trajectory strict: {'one more': True, 'one less': False, 'another': False}
arguments superset, trajectory superset: {'one more': True, 'one less': False, 'another': False}
arguments superset, trajectory subset: {'one more': False, 'one less': True, 'another': False}
arguments superset, trajectory unordered: {'one more': False, 'one less': False, 'another': False}
arguments subset, trajectory strict: {'one more': False, 'one less': True, 'another': False}
arguments subset, trajectory superset: {'one more': False, 'one less': True, 'another': False}
arguments subset, trajectory subset: {'one more': True, 'one less': False, 'another': False}
arguments subset, trajectory unordered: {'one more': False, 'one less': False, 'another': False}
trajectory superset: a function of one's own is given {'text': 'it'} as said and {'text': 'it', 'limit': 5} as right
trajectory subset: a function of one's own is given {'text': 'it', 'limit': 5} as said and {'text': 'it'} as right
EXPECTED
echo "as described"
