"""Runs the parts of the benchmark that are named, each in a process of its own database, and reports."""

import importlib
import json
import os
import pathlib
import subprocess
import sys
import time

import report
import world

OUTPUT = pathlib.Path("target/bench")


def tick(people):
    """The tick has a program of its own, which prints its own table too."""
    path = OUTPUT / "tick-rounds.json"
    subprocess.run([sys.executable, world.HERE / "tick.py", world.SERVER, world.PROGRAMS, path, *people], check=True)
    measured = json.loads(path.read_text())["tick"]
    rows, bars = [], []
    for result in measured:
        at, reads = result["median"], [(entry["quiet_p99_ms"], entry["busy_p99_ms"]) for entry in result["rounds"]]
        rows.append([f"{result['foods']:,}", world.spread(entry["seconds"] for entry in result["rounds"]),
                     f"{result['foods'] / at['seconds']:,.0f}", f"{result['ratio']:.2f}", f"{result['growth']:.2f}",
                     f"{at['peak_mib']:.0f} MiB", f"{at['quiet_p99_ms']:.1f} → {at['busy_p99_ms']:.1f} ms",
                     world.spread(busy / quiet for quiet, busy in reads)])
        bars.append([f"{result['foods']:,} foods", result["ratio"], 1.5, "at most"])
    return {
        "title": "The tick",
        "columns": ["foods", "seconds", "foods a second", "× floor", "growth", "peak memory", "p99 of a read, quiet → during the tick", "× quiet"],
        "rows": rows, "plot": {"what": "seconds, × one plain INSERT … SELECT of the same rows", "bars": bars}, "raw": measured,
        "note": "Five foods a person, one in four counting only reviewed days, one in twenty with a slip in the gap. The floor is "
                "one plain INSERT … SELECT of the rows that the tick leaves, into an empty table of the same definition. "
                "Goals: a million foods in 20 s and 1.5 × the floor, 64 MiB, a read at most 1.5 × slower.",
    }


for part in sys.argv[1].split():
    began = time.monotonic()
    result = tick(sys.argv[2:]) if part == "tick" else importlib.import_module(part).measure()
    result |= {"machine": report.machine(), "took_s": round(time.monotonic() - began)}
    (OUTPUT / f"{part}.json").write_text(json.dumps(result, indent=1, ensure_ascii=False))
    world.say("")
    print("\r" + report.table(result))
report.write(OUTPUT)
