"""Runs the parts of the benchmark that are named, and reports."""

import importlib
import json
import pathlib
import sys
import time

import report
import world

OUTPUT = pathlib.Path("target/bench")


# Of the tick: how many people.
of = [list(map(int, sys.argv[2:]))] if sys.argv[2:] else []
for part in sys.argv[1].split():
    began = time.monotonic()
    result = importlib.import_module(part).measure(*of)
    result |= {"machine": report.machine(), "took_s": round(time.monotonic() - began)}
    (OUTPUT / f"{part}.json").write_text(json.dumps(result, indent=1, ensure_ascii=False))
    world.say("")
    print("\r" + report.table(result))
report.write(OUTPUT)
