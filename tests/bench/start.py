"""How long each function takes from its start to its first answer, beside the least that a program takes."""

import json

import record
import world
from world import median, request, say, spread

ROUNDS = 25
PERSON = 1
EVENT = (
    "POST / HTTP/1.1\r\nHost: tick\r\nce-specversion: 1.0\r\nce-id: 1\r\nce-source: /bench\r\nce-type: tick\r\n"
    "Content-Length: 0\r\n\r\n"
)
FUNCTIONS = {
    "auth": request("GET", "/api/auth/me", PERSON),
    "data": request("GET", "/api/data/export", PERSON),
    "foods": request("GET", "/api/foods", PERSON),
    "reviews": request("GET", "/api/reviews", PERSON),
    "streaks": request("GET", "/api/streaks/today", PERSON),
    "tick": EVENT,
}
HEALTH = request("GET", "/healthz", PERSON)
# Knative asks this often until a container is ready.
GOALS = {"alone": 5, "with its first query": 20}


def hello(name):
    """The least that this function could do for its first query: the same, from a bare client."""
    recorder = record.Recorder(f"recorder-{name}")
    function = world.Function(name, server=recorder.socket)
    sent = recorder.record(lambda: function.send(FUNCTIONS[name]))
    function.stop()
    path = world.SCRATCH / f"{name}.statements"
    path.write_text(json.dumps(record.fresh(sent)))
    return {"SERVER": world.SERVER, "STATEMENTS": str(path)}


def measure():
    world.new_database("hanip")
    world.people("hanip", PERSON, 1, 10, 100)
    world.count_days("hanip")
    program = lambda name, settings, request: {
        "path": str(world.PROGRAMS / name),
        "settings": settings,
        "request": request,
    }
    programs, order = [program("hello", {}, HEALTH)], []
    for name, first in FUNCTIONS.items():
        say(f"{name}: recording its first query")
        settings = world.settings("hanip")
        order.append(name)
        programs += [
            program(name, settings, HEALTH),
            program("hello", hello(name), first),
            program(name, settings, first),
        ]
    say(f"{ROUNDS} starts of each function")
    times = world.load("start", {"rounds": ROUNDS, "programs": programs})
    bare = times.pop(0)
    rows, bars, raw = [], [], {"hello": bare}
    for index, name in enumerate(order):
        alone, floor, query = times[3 * index : 3 * index + 3]
        raw[name] = {"alone": alone, "floor": floor, "query": query}
        for what, ours, least in (("alone", alone, bare), ("with its first query", query, floor)):
            ratio = median(own / least for own, least in zip(ours, least, strict=True))
            part = median(own - least for own, least in zip(ours, least, strict=True))
            rows.append(
                [name, what, spread(ours, 1), f"{median(least):.1f}", f"{ratio:.2f}", f"{part:.1f}", f"{GOALS[what]}"]
            )
            bars.append([f"{name}, {what}", ratio, None, "at most"])
    return {
        "title": "Start",
        "columns": ["function", "to the first 200", "ms", "bare program, ms", "× that", "of it ours, ms", "goal, ms"],
        "rows": rows,
        "plot": {"what": "process start to first 200, × a bare program's", "bars": bars},
        "raw": raw,
        "note": f"{ROUNDS} starts each, in turn. Beside it a program of a few lines that answers the same request, after it has "
        "connected to the database and sent the same statements where the function does.",
    }
