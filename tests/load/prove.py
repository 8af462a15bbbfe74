"""Shows that scripts/load is content only with a Hanip that does what it answers: prove.py STANDALONE"""

import http.cookiejar
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEOPLE, SECONDS = "4", "5"
# What is wrong with a Hanip, and what scripts/load says of it.
FAULTS = {
    # And the review cannot be looked at.
    "refuses": "2 of [0-9]+ requests failed",
    "loses": r"slips: answered and not stored \[\(.*\)\]; stored and not answered \[\]",
    "adds": r"slips: answered and not stored \[\]; stored and not answered \[\(.*\)\]",
}


def load(*arguments, people=PEOPLE, seconds=SECONDS, **environment):
    """Whether scripts/load ends well, and what it says."""
    command = [ROOT / "scripts/load", people, seconds, *arguments]
    ended = subprocess.run(command, check=False, env={**os.environ, **environment}, capture_output=True, text=True)
    return ended.returncode == 0, ended.stdout + ended.stderr


def too_long(folder):
    """What scripts/load begins although a day would have more slips than it takes."""
    (folder / "tokens").write_text("hanip_one\nhanip_two\n")
    nobody = {"PROGRAM": "/bin/false"}, {"TOKENS": str(folder / "tokens")}
    for people, seconds, address, environment, most in (
        ("1", "4001", (), nobody[0], 4000),
        ("4", "2001", ("http://127.0.0.1:1",), nobody[1], 2000),
        ("101", "5", ("http://127.0.0.1:1",), nobody[1], 0),
    ):
        well, said = load(*address, people=people, seconds=seconds, **environment)
        if well or f"SECONDS: expected no more than {most}:" not in said:
            yield f"{people} people for {seconds} s: {said}"


def misjudged(folder):
    """What tests/load/check.py says wrongly of results where the statistics name no error."""
    done = {"sampleCount": 1, "errorCount": 0, "throughput": 1, "medianResTime": 1, "pct2ResTime": 1, "maxResTime": 1}
    names = [
        *("Who am I", "Quit a food", "Look at today", "Review a day", "Record a slip"),
        *("Look at the food", "Look at the review"),
    ]
    (folder / "report").mkdir()
    (folder / "report/statistics.json").write_text(json.dumps(dict.fromkeys(["Total", *names], done)))
    for success, expected in {"true": "", "false": "1 of 1 requests failed: see target/load/results.csv\n"}.items():
        rows = [f"1,1,{name},true" for name in names[1:]] + [f"1,1,{names[0]},{success}"]
        (folder / "results.csv").write_text("\n".join(["timeStamp,elapsed,label,success", *rows]) + "\n")
        command = [sys.executable, ROOT / "tests/load/check.py", folder, "1", "--tokens"]
        ended = subprocess.run(command, check=False, capture_output=True, text=True)
        if (ended.returncode == 0) != (success == "true") or ended.stderr != expected:
            yield f"success {success}: {ended.stdout}{ended.stderr}"


def with_token(standalone, folder):
    """A Hanip that runs, where somebody has made a token: the process, its address and the token."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    own = {"PORT": str(port), "DATA_DIR": str(folder / "data")}
    hanip = subprocess.Popen([standalone], env={**os.environ, **own}, stdout=subprocess.DEVNULL)
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    for _ in range(600):
        try:
            browser.open(f"{address}/healthz").close()
            break
        except urllib.error.URLError:
            time.sleep(0.1)
    headers = {"Origin": address}
    with browser.open(f"{address}/api/auth/local/start?time_zone=UTC&locale=en") as form:
        name = urllib.parse.urlencode({"name": "ada"}).encode()
        browser.open(urllib.request.Request(form.url, name, headers)).close()
    asked = json.dumps({"name": "load", "scope": "write"}).encode()
    made = urllib.request.Request(f"{address}/api/auth/tokens", asked, {**headers, "Content-Type": "application/json"})
    with browser.open(made) as answer:
        return hanip, address, json.load(answer)["token"]


def promise(words, tried, wrong):
    print(f"{words}: {len(wrong)} of {tried}", flush=True)
    if wrong:
        raise SystemExit("\n\n".join(wrong))


def main(standalone):
    with tempfile.TemporaryDirectory(prefix="hanip-load.", dir="/tmp") as folder:
        promise("Loads that would fail by themselves and are begun", 3, list(too_long(pathlib.Path(folder))))
        promise("Results that are judged wrongly", 2, list(misjudged(pathlib.Path(folder))))
    program = {"PROGRAM": str(ROOT / "tests/load/faulty.py"), "INSIDE": standalone}
    well, said = load(**program)
    promise("Loads of a Hanip without a fault that fail", 1, [] if well else [said])
    wrong = []
    for fault, expected in FAULTS.items():
        well, said = load(**program, FAULT=fault)
        if well or not re.search(expected, said):
            wrong.append(f"{fault}: {said}")
    promise("Loads of a Hanip with a fault that end well, or do not say which", len(FAULTS), wrong)
    wrong = []
    with tempfile.TemporaryDirectory(prefix="hanip-load.", dir="/tmp") as made:
        folder, tokens = pathlib.Path(made), pathlib.Path(made) / "tokens"
        hanip, address, token = with_token(standalone, folder)
        try:
            for lines, expected in {f"{token}\n": True, f"{token}\n{token[:-1]}\n": False}.items():
                tokens.write_text(lines)
                well, said = load(address, TOKENS=str(tokens))
                if well != expected:
                    wrong.append(f"{len(lines.split())} tokens: {said}")
        finally:
            hanip.terminate()
            hanip.wait()
    promise("Loads with tokens that end well where one is none, or else fail", 2, wrong)


main(sys.argv[1])
