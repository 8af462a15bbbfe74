"""How much memory each function holds, idle and after many requests."""

import time

import world
from requests import TODAY
from start import EVENT, FUNCTIONS
from world import request, say

COUNT, CLIENTS = 100_000, 16
# A tick every quarter of an hour for three months, and exports: both take long.
COUNTS = {"tick": 10_000, "data": 10_000}
GOALS = (8, 20)


def measure():
    world.new_database("hanip")
    world.people("hanip", 1, CLIENTS, 10, 1000)
    # Exports of little: a hundred thousand long ones would take an hour.
    world.people("hanip", 1000, CLIENTS, 1, 1)
    world.count_days("hanip")
    of = {
        "auth": lambda person: request("GET", "/api/auth/me", person),
        "data": lambda person: request("GET", "/api/data/export", 999 + person),
        "foods": lambda person: request("GET", "/api/foods", person),
        "reviews": lambda person: request("GET", f"/api/reviews/{TODAY}", person),
        "streaks": lambda person: request("GET", "/api/streaks/today", person),
        "tick": lambda person: EVENT,
    }
    bare = world.Function("hello").memory()
    rows, bars, raw = [], [], {"hello": bare}
    for name in FUNCTIONS:
        count = COUNTS.get(name, COUNT)
        say(f"{name}: {count:,} requests")
        function = world.Function(name)
        idle = function.memory()
        plan = {
            "address": function.address,
            "clients": [[of[name](1 + client)] for client in range(CLIENTS)],
            "count": count,
            "watch": [],
        }
        world.load("http", plan)
        time.sleep(1)
        busy, peak = function.memory(), function.memory("VmHWM")
        function.stop()
        raw[name] = {"idle": idle, "after": busy, "peak": peak}
        rows.append(
            [
                name,
                f"{count:,}",
                f"{idle:.1f}",
                f"{idle / bare:.1f}",
                f"{busy:.1f}",
                f"{busy / idle:.2f}",
                f"{peak:.1f}",
            ]
        )
        bars += [[f"{name}, idle", idle / GOALS[0], 1, "at most"], [f"{name}, after", busy / GOALS[1], 1, "at most"]]
    return {
        "title": "Memory",
        "columns": [
            "function",
            "requests",
            "idle, MiB",
            "× a bare program's",
            "after them, MiB",
            "× idle",
            "peak, MiB",
        ],
        "rows": rows,
        "plot": {"what": "resident memory, share of its goal", "bars": bars},
        "raw": raw,
        "note": f"Resident memory; requests from {CLIENTS} connections. The bare program holds {bare:.1f} MiB. "
        f"Goals: {GOALS[0]} MiB idle, {GOALS[1]} MiB after.",
    }
