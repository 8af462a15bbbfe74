"""People who write through the programs, remember what was acknowledged, and count the days for themselves."""

import collections
import contextlib
import datetime
import http.client
import http.cookies
import json
import random
import re
import threading
import time
import urllib.parse
import uuid

DAYS = 60
# How long a write is sent again until it is acknowledged.
PATIENCE = 90.0


class Tally:
    """What happened, counted by all threads."""

    def __init__(self):
        self.lock = threading.Lock()
        self.counts = collections.Counter()
        self.notes = []

    def add(self, what, number=1, note=None):
        with self.lock:
            self.counts[what] += number
            if note and len(self.notes) < 200:
                self.notes.append(f"{what}: {note}")

    def __getitem__(self, what):
        return self.counts[what]


class Client:
    """A browser with cookies. Every answer is counted."""

    def __init__(self, port, tally):
        self.port, self.tally = port, tally
        self.cookies = {}
        self.connection = None

    def send(self, method, path, body=None, seconds=10.0, form=None):
        """Status and JSON of the answer; status 0 where there was none."""
        headers = {
            "Origin": f"http://127.0.0.1:{self.port}",
            "X-Real-IP": f"10.{random.randrange(256)}.{random.randrange(256)}.9",
        }
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        text = None
        if body is not None:
            headers["Content-Type"], text = "application/json", json.dumps(body)
        if form is not None:
            headers["Content-Type"], text = "application/x-www-form-urlencoded", urllib.parse.urlencode(form)
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
            self.connection.request(method, path, text, headers)
            answer = self.connection.getresponse()
            content = answer.read().decode()
        except (OSError, http.client.HTTPException):
            if self.connection:
                self.connection.close()
            self.connection = None
            self.tally.add("no answer")
            return 0, None
        for line in answer.headers.get_all("Set-Cookie") or []:
            for name, cookie in http.cookies.SimpleCookie(line).items():
                self.cookies[name] = cookie.value
        self.tally.add("answers")
        if answer.status >= 500 and answer.status != 503:
            self.tally.add("answers of 500", note=f"{method} {path} {answer.status} {content}")
        if answer.status == 503:
            self.tally.add("answers of 503")
        location = answer.headers.get("Location")
        with contextlib.suppress(ValueError):
            return answer.status, location or json.loads(content)
        return answer.status, location

    def sign_in(self, name):
        """Through the built-in provider; again until it succeeds. Then it must be signed in."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self.cookies = {}
            status, form = self.send("GET", "/api/auth/local/start?time_zone=UTC&locale=en")
            if status not in (302, 303) or not form:
                time.sleep(0.1)
                continue
            status, callback = self.send("POST", form[form.index("/local") :], form={"name": name})
            if status not in (302, 303) or not callback:
                continue
            status, landed = self.send("GET", re.sub(r"^http://[^/]+", "", callback))
            if status not in (302, 303) or landed != "/":
                time.sleep(0.1)
                continue
            self.tally.add("sign-ins")
            status, me = self.get("/api/auth/me")
            if status != 200:
                self.tally.add("sign-ins answered 401", note=f"{status} {me}")
            return me
        raise TimeoutError("nobody could sign in")

    def get(self, path):
        """Again until the database is there."""
        deadline = time.monotonic() + PATIENCE
        while True:
            status, answer = self.send("GET", path)
            if (status and status != 503) or time.monotonic() > deadline:
                return status, answer
            time.sleep(0.1)


class Food:
    def __init__(self, counting, today):
        self.id, self.counting = str(uuid.uuid4()), counting
        self.start = today - datetime.timedelta(days=DAYS)
        self.created = today.isoformat() + "T00:00:00Z"
        self.outcomes, self.slips = {}, {}

    def archived(self):
        return {
            "id": self.id, "name": "ramen", "start_date": self.start.isoformat(), "counting": self.counting,
            "created_at": self.created, "updated_at": self.created,
        }  # fmt: skip


class Person(threading.Thread):
    """Does one thing after the other. What is acknowledged is remembered, and read back at once."""

    def __init__(self, name, port, tally, seed):
        super().__init__(daemon=True)
        self.client, self.tally = Client(port, tally), tally
        self.random = random.Random(seed)
        self.today = datetime.datetime.now(datetime.UTC).date()
        self.me = self.client.sign_in(name)
        self.foods, self.skips, self.reviewed = [], {}, set()
        self.goes_on, self.is_idle, self.is_over = threading.Event(), threading.Event(), False
        for counting in ("assume", "confirm", "assume"):
            self.begins(counting)

    def run(self):
        acts = [self.reviews] * 8 + [self.slips] * 6 + [self.takes_a_slip_back] * 3 + [self.deletes_a_review] * 2
        acts += [self.takes_days_off] * 2 + [self.works_after_all] + [self.imports]
        while not self.is_over:
            if not self.goes_on.is_set():
                self.is_idle.set()
                self.goes_on.wait(0.2)
                continue
            self.is_idle.clear()
            self.random.choice(acts)()

    def settle(self, method, path, body=None, fine=(200, 201, 204)):
        """Sends a write until it is acknowledged. What was sent before may be stored: a second try may find that."""
        deadline, tries = time.monotonic() + PATIENCE, 0
        while time.monotonic() < deadline:
            status, answer = self.client.send(method, path, body)
            tries += 1
            if status in fine or (tries > 1 and method == "DELETE" and status == 404):
                self.tally.add("acknowledged")
                return answer
            if status and status not in (500, 503):
                # What was acknowledged before is not there, or what nobody wrote is.
                self.tally.add("lost or doubled", note=f"{method} {path} {status} {answer}")
                return answer
            time.sleep(0.05)
        self.tally.add("never acknowledged", note=f"{method} {path}")
        raise TimeoutError(f"{method} {path}")

    def writes_a_little(self):
        for act in (self.slips, self.reviews, self.takes_a_slip_back, self.reviews):
            act()

    def begins(self, counting):
        food = Food(counting, self.today)
        body = {"id": food.id, "name": "ramen", "start_date": food.start.isoformat(), "counting": counting}
        self.settle("POST", "/api/foods", body)
        self.foods.append(food)

    def day(self):
        return self.today - datetime.timedelta(days=self.random.randrange(DAYS))

    def reviews(self):
        date, chosen = self.day(), self.random.sample(self.foods, 2)
        said = {food: self.random.choice(["kept", "slipped", "skipped", None]) for food in chosen}
        foods = [{"food_id": food.id, "outcome": outcome} for food, outcome in said.items()]
        self.settle("PUT", f"/api/reviews/{date}", {"mood": 1 + self.random.randrange(5), "foods": foods})
        self.reviewed.add(date)
        for food, outcome in said.items():
            food.outcomes.pop(date, None)
            if outcome:
                food.outcomes[date] = outcome
        self.reads_back(date)

    def deletes_a_review(self):
        if self.reviewed:
            date = self.random.choice(sorted(self.reviewed))
            self.settle("DELETE", f"/api/reviews/{date}")
            self.reviewed.discard(date)
            for food in self.foods:
                food.outcomes.pop(date, None)
            self.reads_back(date)

    def slips(self):
        date, food, slip = self.day(), self.random.choice(self.foods), str(uuid.uuid4())
        if sum(1 for on in food.slips.values() if on == date) < 40:
            self.settle("PUT", f"/api/reviews/{date}/slips/{slip}", {"food_id": food.id, "trigger": "stress"})
            food.slips[slip] = date
            self.reads_back(date)

    def takes_a_slip_back(self):
        food = self.random.choice(self.foods)
        if food.slips:
            slip = self.random.choice(sorted(food.slips))
            date = food.slips[slip]
            self.settle("DELETE", f"/api/reviews/{date}/slips/{slip}")
            del food.slips[slip]
            self.reads_back(date)

    def takes_days_off(self):
        if len(self.skips) < 20:
            first, skip = self.day(), str(uuid.uuid4())
            last, food = first + datetime.timedelta(days=self.random.randrange(4)), self.random.choice(self.foods)
            body = {"from": first.isoformat(), "to": last.isoformat(), "food_ids": [food.id]}
            self.settle("PUT", f"/api/reviews/skips/{skip}", body)
            self.skips[skip] = (first, last, food)

    def works_after_all(self):
        if self.skips:
            skip = self.random.choice(sorted(self.skips))
            self.settle("DELETE", f"/api/reviews/skips/{skip}")
            del self.skips[skip]

    def imports(self):
        """Thirty slips in one transaction."""
        food = self.random.choice(self.foods)
        if len(food.slips) > 400:
            return
        slips = {str(uuid.uuid4()): self.day() for _ in range(30)}
        listed = [
            {"id": slip, "food_id": food.id, "date": date.isoformat(), "updated_at": food.created}
            for slip, date in slips.items()
        ]
        body = {"format": "hanip", "version": 1, "foods": [food.archived()], "slips": listed}
        self.settle("POST", "/api/data/import", body)
        self.tally.add("acknowledged", 29)
        food.slips |= slips

    def reads_back(self, date):
        """One's own write must be there for the next request."""
        status, review = self.client.get(f"/api/reviews/{date}")
        self.tally.add("read back")
        if status not in (200, 404):
            return
        review = review if status == 200 else {"foods": [], "slips": []}
        outcomes = {food["food_id"]: food["outcome"] for food in review["foods"] if food["outcome"]}
        slips = {slip["id"] for slip in review["slips"]}
        if outcomes != {food.id: food.outcomes[date] for food in self.foods if date in food.outcomes} or slips != {
            slip for food in self.foods for slip, on in food.slips.items() if on == date
        }:
            self.tally.add("stale own reads", note=f"{self.me['id']} {date}: {outcomes} {slips}")

    def is_off(self, food, date):
        return any(food is of and first <= date <= last for first, last, of in self.skips.values())

    def status(self, food, date):
        """The rules of a day, strongest first."""
        outcome = food.outcomes.get(date)
        if outcome == "slipped" or date in food.slips.values():
            return "slipped"
        if outcome == "skipped" or (not outcome and self.is_off(food, date)):
            return "skipped"
        if outcome == "kept":
            return "kept"
        if date == self.today:
            return "open"
        return "kept" if food.counting == "assume" else "missing"

    def counted(self, food):
        """The count, day by day."""
        counts, run, longest = collections.Counter(), 0, 0
        for day in range((self.today - food.start).days + 1):
            status = self.status(food, food.start + datetime.timedelta(days=day))
            counts[f"{status}_days" if status != "slipped" else "slip_days"] += 1
            run = run + 1 if status == "kept" else 0 if status in ("slipped", "missing") else run
            longest = max(longest, run)
        names = ("kept_days", "slip_days", "skipped_days", "missing_days")
        return {name: counts[name] for name in names} | {"current_streak": run, "longest_streak": longest}

    def compares_counts(self):
        for food in self.foods:
            status, told = self.client.get(f"/api/streaks/{food.id}")
            expected = self.counted(food)
            self.tally.add("counters compared")
            found = {name: told[name] for name in expected} if status == 200 else status
            if found != expected:
                self.tally.add("wrong counters", note=f"{self.me['id']} {food.id} expected {expected}, found {found}")

    def compares_rows(self, server):
        """What a server holds of this person is what was acknowledged, no more and no less."""
        person = self.me["id"].replace("-", "")
        rows = server.ask(f"SELECT LOWER(HEX(id)) AS id, date FROM slips WHERE user_id = 0x{person}", database="hanip")
        found = {("slip", row["id"], row["date"]) for row in rows}
        rows = server.ask(
            f"SELECT LOWER(HEX(food_id)) AS id, date, outcome FROM outcomes WHERE user_id = 0x{person} AND outcome IS NOT NULL",
            database="hanip",
        )
        found |= {(row["outcome"], row["id"], row["date"]) for row in rows}
        rows = server.ask(
            f"SELECT LOWER(HEX(id)) AS id, from_date FROM skips WHERE user_id = 0x{person}", database="hanip"
        )
        found |= {("skip", row["id"], row["from_date"]) for row in rows}
        expected = {("slip", slip.replace("-", ""), date) for food in self.foods for slip, date in food.slips.items()}
        expected |= {
            (outcome, food.id.replace("-", ""), date) for food in self.foods for date, outcome in food.outcomes.items()
        }
        expected |= {("skip", skip.replace("-", ""), first) for skip, (first, _, _) in self.skips.items()}
        self.tally.add("rows compared", len(expected))
        for row in expected ^ found:
            kind = "missing" if row in expected else "too many"
            self.tally.add("lost or doubled", note=f"{server.name}: {kind}: {row}")


class Pulse(threading.Thread):
    """Writes all the time, and knows when the last write was acknowledged."""

    def __init__(self, name, port, tally):
        super().__init__(daemon=True)
        self.client = Client(port, tally)
        self.client.sign_in(name)
        self.food = str(uuid.uuid4())
        today = datetime.datetime.now(datetime.UTC).date()
        self.path = f"/api/reviews/{today}"
        while self.client.send("POST", "/api/foods", {"id": self.food, "name": "pulse"})[0] not in (200, 201):
            time.sleep(0.1)
        self.marks, self.is_over = collections.deque(maxlen=2000), False

    def run(self):
        number = 0
        while not self.is_over:
            number += 1
            began = time.monotonic()
            body = {
                "mood": 1 + number % 5,
                "foods": [{"food_id": self.food, "outcome": ("kept", "slipped")[number % 2]}],
            }
            status, _ = self.client.send("PUT", self.path, body, seconds=4.0)
            self.marks.append((began, time.monotonic(), status))
            time.sleep(0.02 if status == 200 else 0.05)

    def first_good(self, since):
        """When the first write that was sent after `since` was acknowledged."""
        return next((done for began, done, status in list(self.marks) if began > since and status == 200), None)

    def refused(self, since, until):
        """How long those took that were sent in this time and answered 503 or not at all."""
        return [
            done - began for began, done, status in list(self.marks) if since < began < until and status in (0, 503)
        ]
