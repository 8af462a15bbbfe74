"""The programs of two versions, in turns: what a change of the code costs in requests, starts and size."""

import pathlib

import world
from requests import EVERYBODY, FOODS, KINDS, SECONDS
from size import compressed
from start import FUNCTIONS, HEALTH
from world import median, say, spread

DAYS, CLIENTS, ROUNDS, STARTS = 1000, (1, 16), 7, 25


def requests(versions):
    """For each kind and number of connections: of each round, what each version did."""
    for database, programs in versions.items():
        say(f"{len(EVERYBODY)} people with {FOODS} foods and {DAYS} days: {database}")
        world.new_database(database, programs)
        world.people(database, EVERYBODY[0], len(EVERYBODY), FOODS, DAYS)
        world.count_days(database, programs)
    for kind, (name, requests_of) in KINDS.items():
        for clients in CLIENTS:
            rounds = []
            for turn in range(ROUNDS):
                say(f"{kind}: {clients} connections, round {turn + 1} of {ROUNDS}")
                done = {}
                # Who comes first alternates as well.
                for database, programs in list(versions.items())[:: 1 if turn % 2 else -1]:
                    function = world.Function(name, database, programs=programs)
                    plan = {
                        "address": function.address,
                        "clients": [requests_of(person) for person in EVERYBODY[:clients]],
                        "seconds": SECONDS,
                        "watch": [function.pid, world.SERVER_PID],
                    }
                    done[database] = world.load("http", plan)
                    function.stop()
                rounds.append(done)
            yield kind, clients, rounds


def starts(versions):
    """Milliseconds to the first answer, of each function and version."""
    programs = [
        {"path": str(programs / name), "settings": world.settings(database), "request": request}
        for name, first in FUNCTIONS.items()
        for request in (HEALTH, first)
        for database, programs in versions.items()
    ]
    say(f"{STARTS} starts of each function")
    times = iter(world.load("start", {"rounds": STARTS, "programs": programs}))
    for name in FUNCTIONS:
        for what in ("start", "start with its first query"):
            yield (
                name,
                what,
                [dict(zip(versions, pair, strict=True)) for pair in zip(next(times), next(times), strict=True)],
            )


def measure(folder):
    versions = {"hanip": world.PROGRAMS, "hanip_other": pathlib.Path(folder)}
    rows, bars, raw = [], [], []

    def compare(what, figure, rounds):
        """`rounds` are pairs: of these programs, and of the others."""
        ratio = [ours / others for ours, others in rounds]
        rows.append(
            [
                what,
                figure,
                f"{median(pair[1] for pair in rounds):,.2f}",
                f"{median(pair[0] for pair in rounds):,.2f}",
                spread(ratio),
            ]
        )
        bars.append([f"{what}, {figure}", median(ratio), 1.05, "at most"])
        raw.append({"what": what, "figure": figure, "rounds": rounds})

    for kind, clients, rounds in requests(versions):
        both = lambda figure, rounds=rounds: [tuple(figure(done[version]) for version in versions) for done in rounds]
        compare(f"{kind}, {clients}", "p50, ms", both(lambda done: done["p50_ms"]))
        compare(f"{kind}, {clients}", "CPU of the function, µs", both(lambda done: done["cpu_us"][1]))
    for name, what, rounds in starts(versions):
        compare(name, f"{what}, ms", [tuple(done[version] for version in versions) for done in rounds])
    for name in [*FUNCTIONS, "migrate"]:
        say(f"{name}: compressing")
        compare(name, "compressed, MB", [tuple(compressed(programs / name) / 1e6 for programs in versions.values())])
    return {
        "title": "Beside another version",
        "columns": ["what", "figure", "the other", "this", "× the other"],
        "rows": rows,
        "plot": {"what": "× the other version's", "bars": bars},
        "raw": raw,
        "note": f"{ROUNDS} rounds of {SECONDS} s each and {STARTS} starts, in turns, each version on a database of its own "
        f"schema. A person with {FOODS} foods and {DAYS:,} reviewed days, another on each connection. A change of structure may "
        "cost 5 %.",
    }
