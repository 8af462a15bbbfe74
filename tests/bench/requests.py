"""Requests to a function, beside a bare client that sends its database the same statements.

The statements are recorded between the function and its database in the same run, so the floor is
always that of the function as it is. The two take turns in short rounds, so that whatever else the
machine does meets both alike.
"""

import datetime

import record
import world
from world import food_id, median, request, say, spread

EVERYBODY, FOODS, DAYS = range(1, 65), 10, 1000
CLIENTS = (1, 16, 64)
ROUNDS, SECONDS = 5, 1.2
POOL = 5

TODAY = datetime.datetime.now(datetime.UTC).date()
YEAR = f"from={TODAY - datetime.timedelta(days=364)}&to={TODAY}"


def review(person, outcome):
    """Changes the outcome of every food."""
    foods = [{"food_id": food_id(person, food), "outcome": outcome} for food in range(FOODS)]
    body = {"difficulty": 3, "mood": 4, "note": "회식", "foods": foods}
    return request("PUT", f"/api/reviews/{TODAY}", person, body)


KINDS = {
    "GET /api/foods": ("foods", lambda person: [request("GET", "/api/foods", person)]),
    "GET /api/streaks/today": ("streaks", lambda person: [request("GET", "/api/streaks/today", person)]),
    "GET /api/streaks/{id}/calendar, a year": (
        "streaks",
        lambda person: [request("GET", f"/api/streaks/{food_id(person)}/calendar?{YEAR}", person)],
    ),
    "PUT /api/reviews/{date}, 10 outcomes": (
        "reviews",
        lambda person: [review(person, "kept"), review(person, "skipped")],
    ),
}


def recorded(kind, recorder):
    """What the function sends for each request of each person, and how it sets a connection up."""
    say(f"{kind}: recording")
    name, requests_of = KINDS[kind]
    function = world.Function(name, server=recorder.socket)
    setup, clients = None, []
    for person in EVERYBODY:
        requests = requests_of(person)
        if setup is None:
            # Enough for every connection of the pool to have prepared every statement.
            warm = [recorder.record(lambda: function.send(text)) for text in requests * 5]
            setup = record.setup(warm[0])
        for text in requests:
            function.send(text)  # what it changes then is what it changes every time
        clients.append([record.uses(recorder.record(lambda: function.send(text))) for text in requests])
    function.stop()
    return setup, clients


def measure_kind(kind, recorder, connections=CLIENTS, more=lambda asked, floor: {}):
    """Rounds of the function and the floor; `more` adds to each what it measures with their plans."""
    name, requests_of = KINDS[kind]
    setup, statements = recorded(kind, recorder)
    results = []
    for clients in connections:
        rounds = []
        floor = {
            "server": world.SERVER,
            "connections": POOL,
            "setup": setup,
            "clients": statements[:clients],
            "seconds": SECONDS,
            "watch": [world.SERVER_PID],
        }
        for turn in range(ROUNDS):
            say(f"{kind}: {clients} connections, round {turn + 1} of {ROUNDS}")
            # How a process comes to lie on the processors lasts as long as it does: each round has its own.
            function = world.Function(name)
            asked = lambda what: {
                "address": function.address,
                "clients": [what(person) for person in EVERYBODY[:clients]],
                "seconds": SECONDS,
                "watch": [function.pid, world.SERVER_PID],
            }
            rounds.append(
                {"ours": world.load("http", asked(requests_of)), "floor": world.load("floor", floor)}
                | more(asked, floor)
            )
            function.stop()
        results.append({"kind": kind, "clients": clients, "rounds": rounds})
    first = [command for use in statements[0][0] for command in use["statements"]]
    return {
        "round_trips": len(first),
        "sent": [command["sql"] or bytes.fromhex(command["payload"])[1:].decode(errors="replace") for command in first],
        "results": results,
    }


def populate():
    say(f"{len(EVERYBODY)} people with {FOODS} foods and {DAYS} days")
    world.new_database("hanip")
    world.people("hanip", EVERYBODY[0], len(EVERYBODY), FOODS, DAYS)
    world.count_days("hanip")


def measure():
    populate()
    recorder = record.Recorder()
    rows, ratios, raw = [], [], []
    for kind in KINDS:
        measured = measure_kind(kind, recorder)
        raw.append(measured)
        for result in measured["results"]:
            rounds = result["rounds"]
            ratio = lambda figure: [entry["ours"][figure] / entry["floor"][figure] for entry in rounds]
            over = median(entry["ours"]["p50_ms"] - entry["floor"]["p50_ms"] for entry in rounds)
            ours = lambda figure: median(entry["ours"][figure] for entry in rounds)
            cpu = median(entry["ours"]["cpu_us"][1] for entry in rounds)
            bare = median(entry["ours"]["cpu_us"][1] / entry["floor"]["cpu_us"][0] for entry in rounds)
            label = f"{kind}, {result['clients']}"
            rows.append(
                [
                    kind,
                    str(result["clients"]),
                    str(measured["round_trips"]),
                    f"{ours('per_second'):,.0f}",
                    spread(ratio("per_second")),
                    f"{ours('p50_ms'):.2f}",
                    spread(ratio("p50_ms")),
                    f"{over:+.2f}",
                    f"{ours('p99_ms'):.2f}",
                    spread(ratio("p99_ms")),
                    f"{cpu:.0f} µs",
                    f"{bare:.2f}",
                ]
            )
            ratios.append([label, median(ratio("per_second")), 0.7, "at least"])
    return {
        "title": "Requests",
        "columns": [
            "request",
            "connections",
            "round trips",
            "requests a second",
            "× floor",
            "p50, ms",
            "× floor",
            "beyond it, ms",
            "p99, ms",
            "× floor",
            "CPU a request",
            "× bare client's",
        ],
        "rows": rows,
        "plot": {"what": "requests a second, share of the floor", "bars": ratios},
        "raw": raw,
        "note": f"A person with {FOODS} foods and {DAYS:,} reviewed days, another on each connection. The floor is a bare "
        f"client that sends the statements recorded in this run, over {POOL} connections as the function's pool has; "
        "ROLLBACK and ping after each use of a connection are among them. Goals: p50 at most 0.3 ms beyond the "
        "floor's, at least 0.7 of its requests a second.",
    }
