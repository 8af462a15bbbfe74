"""Runs the parts of the benchmark that are named, and reports."""

import importlib
import json
import pathlib
import sys
import time

import report
import world

OUTPUT = pathlib.Path("target/bench")


# Of the tick: how many people; of reminders: how many are due. Of `beside`: where the other programs are.
arguments = {
    "tick": lambda given: [list(map(int, given))] if given else [],
    "reminders": lambda given: [list(map(int, given))] if given else [],
    "beside": lambda given: given,
}
for part in sys.argv[1].split():
    began = time.monotonic()
    result = importlib.import_module(part).measure(*arguments.get(part, lambda given: [])(sys.argv[2:]))
    result |= {"machine": report.machine(), "took_s": round(time.monotonic() - began)}
    (OUTPUT / f"{part}.json").write_text(json.dumps(result, indent=1, ensure_ascii=False))
    world.say("")
    print("\r" + report.table(result))
report.write(OUTPUT)
