"""Judges a run of JMeter: check.py FOLDER PEOPLE [--socket SOCKET] [--tokens]

No request failed, everybody has done the whole of the job, and the database behind the socket holds exactly what was
answered: each food, the last review of each day, each slip, and nothing else. With tokens nobody has signed in.
"""

import argparse
import csv
import json
import pathlib
import subprocess

SIGN_IN = ["Begin to sign in", "The form of the sign-in", "Say who you are", "Come back signed in"]
ONCE = ["Who am I", "Quit a food"]
AGAIN = ["Look at today", "Review a day", "Record a slip", "Look at the food", "Look at the review"]
SLIP = "0198c0de000070008000"


def results(path):
    """Every request, in the order of the answers."""
    with path.open(newline="") as file:
        return sorted(csv.DictReader(file), key=lambda row: int(row["timeStamp"]) + int(row["elapsed"]))


def told(rows):
    """What the results say was stored."""
    foods, reviews, slips = set(), {}, set()
    for row in rows:
        if row["success"] != "true":
            continue
        person, food = (row[name].replace("-", "") for name in ("person", "food"))
        if row["label"] == "Quit a food":
            foods.add((person, food))
        elif row["label"] == "Review a day":
            reviews[person, row["date"]] = row["turn"]
        elif row["label"] == "Record a slip":
            slips.add((person, SLIP + row["slip"], food, row["slip_date"]))
    return foods, {(*key, turn) for key, turn in reviews.items()}, slips


def stored(socket):
    def rows(statement):
        command = [
            "mariadb",
            "--no-defaults",
            "--user=root",
            f"--socket={socket}",
            "--batch",
            "--skip-column-names",
            "hanip",
        ]
        output = subprocess.run([*command, f"--execute={statement}"], check=True, capture_output=True, text=True).stdout
        return {tuple(line.split("\t")) for line in output.splitlines()}

    return (
        rows("SELECT LOWER(HEX(user_id)), LOWER(HEX(id)) FROM foods"),
        rows("SELECT LOWER(HEX(user_id)), date, note FROM reviews"),
        rows("SELECT LOWER(HEX(user_id)), LOWER(HEX(id)), LOWER(HEX(food_id)), date FROM slips"),
    )


def judge(folder, people, socket, tokens):
    once, faults = ONCE if tokens else SIGN_IN + ONCE, []
    statistics = json.loads((folder / "report/statistics.json").read_text())
    total, rows = statistics["Total"], results(folder / "results.csv")
    # Both are JMeter's, but the statistics are made of the results by its report, which may leave out some.
    failed = max(total["errorCount"], sum(row["success"] != "true" for row in rows))
    if failed:
        faults.append(f"{failed} of {total['sampleCount']} requests failed: see target/load/results.csv")
    for name in once + AGAIN:
        done = statistics.get(name, {"sampleCount": 0})["sampleCount"]
        if done < people or (name in once and done != people):
            faults.append(f"{name}: {done} times, by {people} people")
    print(f"{total['sampleCount']} requests, {failed} failed, {total['throughput']:.0f} a second;", end=" ")
    print(
        f"p50 {total['medianResTime']:.0f} ms, p95 {total['pct2ResTime']:.0f} ms, slowest {total['maxResTime']:.0f} ms"
    )
    if socket:
        for name, answered, held in zip(("foods", "reviews", "slips"), told(rows), stored(socket), strict=True):
            print(f"{name}: {len(answered)} answered, {len(held)} stored")
            if answered != held:
                lost, more = sorted(answered - held)[:3], sorted(held - answered)[:3]
                faults.append(f"{name}: answered and not stored {lost}; stored and not answered {more}")
    return faults


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("folder", type=pathlib.Path)
    arguments.add_argument("people", type=int)
    arguments.add_argument("--socket")
    arguments.add_argument("--tokens", action="store_true")
    if faults := judge(**vars(arguments.parse_args())):
        raise SystemExit("\n".join(faults))


main()
