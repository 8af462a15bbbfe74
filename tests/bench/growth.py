"""Whether a read stays as fast as histories, the number of people and lists grow."""

import datetime

import world
from requests import TODAY
from world import food_id, median, request, say, spread

ROUNDS, SECONDS = 7, 0.5
DAYS = (300, 3_000, 9_500)
CROWDS = (1_000, 100_000, 1_000_000)
LISTS = (10, 50, 200)
# Everybody has these days.
FROM = TODAY - datetime.timedelta(days=299)


def reads(person):
    food = food_id(person)
    return {
        "GET /api/foods": ("foods", "/api/foods"),
        "GET /api/streaks/today": ("streaks", "/api/streaks/today"),
        "GET /api/streaks/{id}": ("streaks", f"/api/streaks/{food}"),
        "GET /api/streaks/{id}/calendar, 300 days": ("streaks", f"/api/streaks/{food}/calendar?from={FROM}&to={TODAY}"),
        "GET /api/streaks/{id}/stats": ("streaks", f"/api/streaks/{food}/stats"),
        "GET /api/streaks/calendar, 300 days": ("streaks", f"/api/streaks/calendar?from={FROM}&to={TODAY}"),
        "GET /api/streaks/feed.ics": ("streaks", f"/api/streaks/feed.ics?key=feed{person}&slips=1"),
        "GET /api/reviews, the last 30": ("reviews", "/api/reviews"),
        "GET /api/reviews/stats, 300 days": ("reviews", f"/api/reviews/stats?from={FROM}&to={TODAY}"),
        "GET /api/reviews/{date}": ("reviews", f"/api/reviews/{TODAY}"),
    }


def compare(cases, names):
    """The p50 of each read in each case, a database and a person, in milliseconds; the cases take turns."""
    databases = {database for _, database, _ in cases}
    functions = {
        (name, database): world.Function(name, database)
        for name in ("foods", "streaks", "reviews")
        for database in databases
    }
    times = {name: {case: [] for case, _, _ in cases} for name in names}
    for turn in range(ROUNDS + 1):
        for name in names:
            say(f"{name}: round {turn} of {ROUNDS}")
            for case, database, person in cases:
                function, path = reads(person)[name]
                plan = {
                    "address": functions[function, database].address,
                    "clients": [[request("GET", path, person)]],
                    "seconds": SECONDS,
                    "watch": [],
                }
                took = world.load("http", plan)["p50_ms"]
                if turn > 0:  # what is read first comes from the disk
                    times[name][case].append(took)
    for function in functions.values():
        function.stop()
    return times


def rows_of(title, times, cases, size_of=lambda case: 1):
    """A line a read: the smallest, and each other beside it, both of the same round."""
    rows, bars = [], []
    smallest = cases[0][0]
    for name, by_case in times.items():
        row = [title, name, f"{median(by_case[smallest]):.2f} ms"]
        for case, _, _ in cases[1:]:
            growth = size_of(case) / size_of(smallest)
            ratios = [larger / small / growth for larger, small in zip(by_case[case], by_case[smallest], strict=True)]
            row.append(spread(ratios))
        rows.append(row)
        bars.append([f"{title}: {name}", median(ratios), 1.2 if size_of(smallest) == 1 else 1.0, "at most"])
    return rows, bars


def crowd(database, number):
    say(f"{number:,} people")
    world.new_database(database)
    world.sql(f"SET @people = {number};" + (world.HERE / "crowd.sql").read_text(), database)
    # In the middle of them: somebody with a history.
    world.people(database, number // 2 * 16 + 1, 1, 10, 1000)
    world.count_days(database)


def measure():
    world.new_database("hanip")
    histories = [(days, "hanip", number) for number, days in enumerate(DAYS, start=1)]
    for days, _, person in histories:
        say(f"{days:,} days of history")
        world.people("hanip", person, 1, 10, days)
    lists = [(foods, "hanip", 100 + foods) for foods in LISTS]
    for foods, _, person in lists:
        say(f"{foods} foods")
        world.people("hanip", person, 1, foods, 300)
    world.count_days("hanip")
    crowds = [(number, f"hanip_{number}", number // 2 * 16 + 1) for number in CROWDS]
    for number, database, _ in crowds:
        crowd(database, number)

    names = list(reads(0))
    found = {
        "days": (compare(histories, names), histories, lambda case: 1),
        "people": (compare(crowds, names), crowds, lambda case: 1),
        "foods": (
            compare(
                lists,
                [
                    "GET /api/foods",
                    "GET /api/streaks/today",
                    "GET /api/streaks/calendar, 300 days",
                    "GET /api/reviews/{date}",
                ],
            ),
            lists,
            lambda case: case,
        ),
    }
    rows, bars = [], []
    for title, (times, cases, size_of) in found.items():
        label = f"{title}: {', '.join(f'{case:,}' for case, _, _ in cases)}"
        more_rows, more_bars = rows_of(label, times, cases, size_of)
        rows += more_rows
        bars += more_bars
    return {
        "title": "Growth",
        "columns": ["what grows", "request", "p50, smallest", "middle", "largest"],
        "rows": rows,
        "plot": {"what": "time of the largest, × the smallest's; lists: a food", "bars": bars},
        "raw": {title: times for title, (times, _, _) in found.items()},
        "note": "One connection. Middle and largest are beside the smallest of the same round; those of lists are a food's "
        "share. Goals: at most 1.2, lists at most 1.0. Statistics read the whole history of a food: they can't stay.",
    }
