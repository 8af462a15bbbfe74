"""How fast the tick closes a day of many foods, beside what the database could do at best.

The floor is one plain INSERT … SELECT of the rows that the tick leaves in `counters`, into an empty
table of the same definition, on the same server in the same run.
"""

import statistics
import threading
import time

import world
from world import Function, median, say, spread, sql

PEOPLE = [10_000, 20_000, 200_000]
ROUNDS = 3
FILL = (world.HERE / "fill.sql").read_text()
RESTORE = "TRUNCATE counters; INSERT INTO counters SELECT * FROM before_the_tick; ANALYZE TABLE counters"
READ = world.request("GET", "/api/streaks/today", 1)


def seconds_of_floor():
    definition = sql("SHOW CREATE TABLE counters").split("\t", 1)[1]
    definition = definition.replace("`counters`", "`floor`", 1).replace("`counters_", "`floor_")
    sql(f"DROP TABLE IF EXISTS floor; {definition}")
    began = time.perf_counter()
    sql("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; INSERT INTO floor SELECT * FROM counters")
    return time.perf_counter() - began


class Reader(threading.Thread):
    """Somebody who looks at their foods again and again; `milliseconds` each look took."""

    def __init__(self, streaks):
        super().__init__(daemon=True)
        self.streaks, self.looking, self.milliseconds = streaks, True, []
        self.start()

    def run(self):
        while self.looking:
            began = time.perf_counter()
            self.streaks.send(READ)
            self.milliseconds.append((time.perf_counter() - began) * 1000)
            time.sleep(0.005)

    def p99(self):
        self.looking = False
        self.join()
        return statistics.quantiles(self.milliseconds, n=100)[98]


def measure_of(people):
    foods = people * 5
    say(f"{foods:,} foods: filling the database")
    world.new_database("hanip")
    sql(f"SET @people = {people}; {FILL}")
    rounds = []
    streaks = Function("streaks")
    for turn in range(ROUNDS):
        say(f"{foods:,} foods: round {turn + 1} of {ROUNDS}")
        sql(f"TRUNCATE ticks; DELETE FROM milestones; {RESTORE}")
        reader = Reader(streaks)
        time.sleep(10)
        quiet = reader.p99()
        function = Function("tick")
        began = time.perf_counter()
        calls = world.tick(function)
        alone = time.perf_counter() - began
        peak = function.memory("VmHWM")
        closed = int(sql("SELECT SUM(closed) FROM ticks"))
        assert closed == foods, closed
        floor = seconds_of_floor()
        # Once more with somebody who reads meanwhile.
        sql(RESTORE)
        reader = Reader(streaks)
        world.tick(function)
        busy = reader.p99()
        function.stop()
        # And what the plain statement does to them.
        reader = Reader(streaks)
        seconds_of_floor()
        plain = reader.p99()
        rounds.append(
            {
                "seconds": alone,
                "floor": floor,
                "peak_mib": peak,
                "calls": calls,
                "quiet_p99_ms": quiet,
                "busy_p99_ms": busy,
                "plain_p99_ms": plain,
            }
        )
    streaks.stop()
    return {"foods": foods, "rounds": rounds}


def measure(people=PEOPLE):
    measured = [measure_of(number) for number in people]
    of = lambda result, figure: median(entry[figure] for entry in result["rounds"])
    a_food = lambda result: of(result, "seconds") / result["foods"]
    rows, bars = [], []
    for result in measured:
        rounds, foods = result["rounds"], result["foods"]
        ratio = median(entry["seconds"] / entry["floor"] for entry in rounds)
        rows.append(
            [
                f"{foods:,}",
                spread(entry["seconds"] for entry in rounds),
                f"{foods / of(result, 'seconds'):,.0f}",
                f"{ratio:.2f}",
                f"{a_food(result) / a_food(measured[0]):.2f}",
                f"{of(result, 'peak_mib'):.0f} MiB",
                f"{of(result, 'quiet_p99_ms'):.1f} → {of(result, 'busy_p99_ms'):.1f} ms",
                spread(entry["busy_p99_ms"] / entry["quiet_p99_ms"] for entry in rounds),
                spread(entry["plain_p99_ms"] / entry["quiet_p99_ms"] for entry in rounds),
            ]
        )
        bars.append([f"{foods:,} foods", ratio, 1.5, "at most"])
    return {
        "title": "The tick",
        "columns": [
            "foods",
            "seconds",
            "foods a second",
            "× floor",
            "growth",
            "peak memory",
            "p99 of a read, quiet → during it",
            "× quiet",
            "during the plain statement, × quiet",
        ],
        "rows": rows,
        "plot": {"what": "seconds, × one plain INSERT … SELECT of the same rows", "bars": bars},
        "raw": measured,
        "note": "Five foods a person, one in four counting only reviewed days, one in twenty with a slip in the gap. The floor is "
        "one plain INSERT … SELECT of the rows that the tick leaves, into an empty table of the same definition. Growth is "
        "the time a food takes beside that of the first row. Goals: a million foods in 20 s and 1.5 × the floor, 64 MiB, a "
        "read at most 1.5 × slower.",
    }
