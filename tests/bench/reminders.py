"""How fast reminders that are due in one minute are sent, beside npm's `web-push`, which only encrypts, signs and sends.

A stand-in of a push service on the same machine takes all of them. The function claims, plans and marks each in the
database as well; both send as many at once. The rate is measured without a limit; how long a read takes meanwhile,
without a limit and with the default of `SENDS_PER_SECOND`. For comparison, a read is measured beside a program that
computes for 2 ms of every 4 and uses no database. Then: how long finding what is due
takes, the more reminders there are.
"""

import base64
import datetime
import json
import os
import statistics
import subprocess
import sys
import time
import urllib.request
import uuid

import world
from tick import Reader
from world import HERE, PROGRAMS, Function, median, say, spread, sql

DUE = [1_000, 10_000, 100_000]
# How many reminders a person has: one of them is due.
EACH = 10
ROUNDS = 3
# How many the function sends at once, in functions/reminders/src/deliver.rs.
AT_ONCE = 128
# How many are due where finding them is measured, and how often it is.
FOUND, FINDS = 1_000, 5
# By how many bytes RFC 8291 makes a message longer: a header, a delimiter, a tag.
ENCRYPTION = 86 + 1 + 16
SUBJECT = "mailto:bench@example.org"
# How many reads a p99 is taken from, at least.
READS = 1_000
# More than can be sent.
NO_LIMIT = {"SENDS_PER_SECOND": "1000000"}
# Computes half of the time.
NEIGHBOUR = """
import time
while True:
    end = time.perf_counter() + 0.002
    while time.perf_counter() < end:
        pass
    time.sleep(0.002)
"""


def node(what, plan=None):
    command = ["node", HERE / "web-push" / "send.mjs", what]
    done = subprocess.run(command, input=json.dumps(plan), text=True, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


class PushService:
    """The stand-in."""

    def __init__(self):
        self.process = subprocess.Popen([PROGRAMS / "push_service"], stdout=subprocess.PIPE, text=True)
        self.origin = self.process.stdout.readline().strip()

    def came(self, count):
        """How large a message was, after a check that each of `count` browsers got one."""
        came = json.load(urllib.request.urlopen(self.origin))
        assert (came["messages"], came["subscriptions"]) == (count, count), came
        return came["bytes"] / count

    def stop(self):
        self.process.terminate()
        self.process.wait()


def seconds_on_a_processor(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def start(vapid, more=None):
    settings = {"VAPID_PRIVATE_KEY": vapid["privateKey"], "VAPID_SUBJECT": SUBJECT, "ALLOW_PRIVATE_ADDRESSES": "true"}
    return Function("reminders", more=settings | (more or {}))


def zones(function):
    """The version of the zone database, from a reminder that the function has planned."""
    function.send(world.request("PUT", f"/api/reminders/{uuid.uuid4()}", 1, {"time": "21:00"}))
    version = sql("SELECT zones FROM reminders").strip()
    sql("DELETE FROM reminders")
    return version


def make_due(people, *, with_browsers):
    """One reminder of each of so many people, this minute."""
    sql(
        f"""SET @now = FROM_UNIXTIME(60 * FLOOR(UNIX_TIMESTAMP(UTC_TIMESTAMP()) / 60));
            DELETE FROM sends;
            UPDATE channels SET off_since = {"NULL" if with_browsers else "@now"};
            UPDATE seq_1_to_{people} STRAIGHT_JOIN reminders
                ON user_id = UNHEX(MD5(CONCAT('person', seq))) AND id = UNHEX(MD5(CONCAT('reminder', seq, ' 1')))
            SET time = TIME(@now), next_on = DATE(@now), next_at = @now"""
    )


def milliseconds(act):
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def message():
    """As long as one of the function's, with one food."""
    return json.dumps(
        {
            "kind": "reminder",
            "title": "기록할 시간이에요",
            "body": "라면",
            "tag": "A" * 32,
            "account": str(uuid.uuid4()),
            "date": str(datetime.date.today()),
            "food_ids": [str(uuid.uuid4())],
            "waiting": 1,
            "actions": [{"action": "kept", "title": "모두 지켰어요"}, {"action": "open", "title": "열기"}],
            "language": "ko",
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def filled_up(text, length):
    """The function's messages are filled up to a multiple of 128 bytes."""
    return text + " " * (length - len(text.encode()))


def p99_of_a_read(streaks):
    reader = Reader(streaks)
    time.sleep(10)
    return reader.p99()


def sent(due, keys, streaks, service, settings=None):
    """So many are sent while somebody reads, again and again until there are reads enough for a p99."""
    make_due(due, with_browsers=True)
    quiet, figures, reads = p99_of_a_read(streaks), [], []
    while len(reads) < READS:
        if figures:
            make_due(due, with_browsers=True)
            time.sleep(1)
        function, reader = start(keys["vapid"], settings), Reader(streaks)
        before = [seconds_on_a_processor(pid) for pid in (function.pid, world.SERVER_PID)]
        took = milliseconds(lambda function=function: world.tick(function)) / 1000
        after = [seconds_on_a_processor(pid) for pid in (function.pid, world.SERVER_PID)]
        reader.p99()
        reads += reader.milliseconds
        peak = function.memory("VmHWM")
        function.stop()
        size = service.came(due)
        cpu, of_database = ((end - start) / due * 1e6 for start, end in zip(before, after, strict=True))
        figures.append(
            {"seconds": took, "cpu_us": cpu, "database_cpu_us": of_database, "peak_mib": peak, "bytes": size}
        )
    middle = {name: median(entry[name] for entry in figures) for name in figures[0]}
    return middle | {"quiet_p99_ms": quiet, "p99_ms": statistics.quantiles(reads, n=100)[98]}


def measure_of(due, keys, service):
    say(f"{due:,} due of {due * EACH:,}: filling the database")
    world.new_database("hanip")
    world.people("hanip", 1, 1, 5, 1000)
    world.count_days("hanip")
    function = start(keys["vapid"])
    version = zones(function)
    function.stop()
    octets = {name: base64.urlsafe_b64decode(key + "==").hex() for name, key in keys["browser"].items()}
    sql(
        f"""SET @people = {due}, @each = {EACH}, @origin = '{service.origin}', @zones = '{version}',
                @p256dh = X'{octets["p256dh"]}', @auth = X'{octets["auth"]}';"""
        + (HERE / "reminders.sql").read_text()
    )
    streaks, rounds = Function("streaks"), []
    for turn in range(ROUNDS):
        say(f"{due:,} due: round {turn + 1} of {ROUNDS}")
        fast = sent(due, keys, streaks, service, NO_LIMIT)
        size = fast["bytes"]
        limited = sent(due, keys, streaks, service)
        with subprocess.Popen([sys.executable, "-c", NEIGHBOUR]) as neighbour:
            beside_neighbour = p99_of_a_read(streaks)
            neighbour.kill()
        plan = {
            "origin": service.origin,
            "count": due,
            "at_once": AT_ONCE,
            "message": filled_up(message(), round(size) - ENCRYPTION),
            "subject": SUBJECT,
            "topic": "A" * 32,
        }
        reader = Reader(streaks)
        beside = node("send", plan | keys)
        beside["p99_ms"] = reader.p99()
        beside_size = service.came(due)
        assert abs(size / beside_size - 1) < 0.02, (size, beside_size)
        beside["quiet_p99_ms"] = limited["quiet_p99_ms"]
        neighbour = {"quiet_p99_ms": limited["quiet_p99_ms"], "p99_ms": beside_neighbour}
        rounds.append({"fast": fast, "limited": limited, "neighbour": neighbour, "web_push": beside})
    streaks.stop()
    function, finds = start(keys["vapid"]), []
    for turn in range(FINDS):
        say(f"{due * EACH:,} stored: finding {FOUND:,}, {turn + 1} of {FINDS}")
        make_due(FOUND, with_browsers=False)
        found = milliseconds(lambda: world.tick(function))
        assert sql("SELECT COUNT(*) FROM reminders WHERE next_at <= UTC_TIMESTAMP()").strip() == "0"
        nothing = milliseconds(lambda: world.tick(function))
        finds.append({"found_ms": found, "nothing_ms": nothing})
    function.stop()
    return {"due": due, "stored": due * EACH, "rounds": rounds, "finds": finds}


def measure(due=DUE):
    keys, service = node("keys"), PushService()
    measured = [measure_of(number, keys, service) for number in due]
    service.stop()
    finding = lambda result: median(entry["found_ms"] for entry in result["finds"])
    rows, bars = [], []
    for result in measured:
        rounds, number = result["rounds"], result["due"]
        of = lambda figure, rounds=rounds: median(entry["fast"][figure] for entry in rounds)
        rate = [entry["web_push"]["seconds"] / entry["fast"]["seconds"] for entry in rounds]
        a_read = lambda during, rounds=rounds: [
            entry[during]["p99_ms"] / entry[during]["quiet_p99_ms"] for entry in rounds
        ]
        grown = finding(result) / finding(measured[0])
        rows.append(
            [
                f"{number:,}",
                f"{number / of('seconds'):,.0f}",
                spread(rate),
                f"{of('cpu_us'):,.0f} µs",
                f"{median(entry['web_push']['cpu_us'] / entry['fast']['cpu_us'] for entry in rounds):.1f}",
                f"{of('database_cpu_us'):,.0f} µs",
                f"{of('peak_mib'):.0f} MiB",
                f"{median(entry['limited']['quiet_p99_ms'] for entry in rounds):.1f} ms",
                spread(a_read("limited")),
                spread(a_read("fast")),
                spread(a_read("web_push")),
                spread(a_read("neighbour")),
                f"{result['stored']:,}",
                f"{median(entry['nothing_ms'] for entry in result['finds']):.1f} ms",
                f"{finding(result):.0f} ms",
                f"{grown:.2f}",
            ]
        )
        bars += [
            [f"{number:,} due: sends a second, × web-push's", median(rate), 3, "at least"],
            [f"{number:,} due: memory, × 64 MiB", of("peak_mib") / 64, 1, "at most"],
            [f"{number:,} due: a read, × quiet", median(a_read("limited")), 1.5, "at most"],
            [f"{result['stored']:,} stored: finding, × the first", grown, 1.5, "at most"],
        ]
    return {
        "title": "Reminders",
        "columns": [
            "due in one minute",
            "sends a second",
            "× web-push's",
            "CPU a send",
            "web-push's, × ours",
            "database's CPU a send",
            "peak memory",
            "p99 of a read, quiet",
            "during it",
            "without a limit",
            "during web-push",
            "beside what computes half of the time",
            "stored",
            "a call with nothing due",
            f"finding and planning {FOUND:,}",
            "growth",
        ],
        "rows": rows,
        "plot": {"what": "ratios", "bars": bars},
        "raw": measured,
        "note": f"To a stand-in of a push service on the same machine, {AT_ONCE} at once; in the same run npm's web-push encrypts, "
        "signs and sends as many messages of the same length to it, without a database. The rate, CPU and memory are those "
        "without a limit; during it stands for 1,000 a second, the default. Goals: 3 × web-push's rate, 64 MiB, a read at "
        "most 1.5 × slower; finding what is due does not grow with what is stored.",
    }
