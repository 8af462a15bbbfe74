"""What Hanip promises on a cluster, each promise tried there."""

import json
import pathlib
import re
import statistics
import subprocess
import time

import cold
import images
import shares
from kubernetes import NODES, Failed
from load import HOST, PORT, Crowd, Person

HERE = pathlib.Path(__file__).parent
PEOPLE = HERE.parents[1] / "bench/people.sql"
FOODS, PEOPLE_NUMBER, DAYS = 5, 2000, 40
# Each minute, so that nobody waits a quarter of an hour for a tick.
SCHEDULE = '{"spec": {"schedule": "* * * * *"}}'
UNCOUNT = f"""UPDATE counters SET closed_through = UTC_DATE() - INTERVAL {DAYS} DAY, kept_days = 0, confirmed_days = 0,
slip_days = 0, skipped_days = 0, missing_days = 0, current_run = 0, longest_run = 0, next_milestone = 1, milestones = '[]'"""
# Foods whose days are not all counted, or not once.
WRONG = f"""SELECT COUNT(*) FROM counters
WHERE closed_through <> UTC_DATE() - INTERVAL 1 DAY OR kept_days + slip_days <> {DAYS} - 1"""
SLEEP_SECONDS = 180
CLIENT = 'mariadb --no-defaults --socket=/run/mysqld/mysqld.sock -uroot -p"$(</secrets/root-password)" -N hanip'
MILESTONES = 6
EVENT = {
    "ce-specversion": "1.0",
    "ce-source": "/apis/v1/namespaces/hanip/pingsources/tick",
    "ce-type": "dev.knative.sources.ping",
    "content-type": "application/json",
}
# Where a pod in another namespace tries to go, and whether it may.
VISITS = {
    "edge.hanip 80": True,
    "mariadb.hanip 3306": False,
    "kourier-internal.kourier-system 80": False,
    "kourier.kourier-system 80": False,
}


class Promises:
    def __init__(self, cluster, page, say):
        self.cluster, self.page, self.say = cluster, page, say
        self.rows, self.shares = [], {}

    def all(self, rounds):
        """Tries all of them, and prints what was found; 1 if one was broken."""
        self.people()
        for promise in (
            self.all_is_ready,
            self.ticks_come_from_the_source,
            lambda: self.a_cold_start_is_as_fast_as_a_trivial_one(rounds, "without policies", "trivial"),
            self.policies_are_in_force,
            lambda: self.a_cold_start_is_as_fast_as_a_trivial_one(rounds, "with policies", "trivial-first"),
            self.functions_sleep,
            self.no_request_fails_from_sleep_to_many_to_sleep,
            self.no_request_fails_while_an_image_is_replaced,
            self.no_request_fails_while_a_password_is_changed,
            self.a_function_can_be_rolled_back,
            self.a_killed_tick_loses_and_doubles_nothing,
            self.milestones_reach_who_listens,
            self.a_backup_can_be_restored,
            self.edges_follow_the_load,
            self.a_node_can_be_drained,
            self.a_refused_tick_ends_in_the_log,
        ):
            self.attempt(promise)
        for what, tried, failed, figures in self.rows:
            print(
                f"{'HELD  ' if not failed else 'BROKEN'} {what}: {failed} of {tried}{figures and '; '}{figures}",
                flush=True,
            )
        print(shares.table(self.shares))
        print("Blocks of knative/README.md that were not run:", *self.page.not_run(), sep="\n  ")
        return int(any(failed for _, _, failed, _ in self.rows))

    def attempt(self, promise):
        try:
            promise()
        except (Failed, subprocess.CalledProcessError) as failed:
            self.held(f"{getattr(promise, '__name__', 'a promise')}: {failed}", 1, 1)

    def held(self, what, tried, failed, figures=""):
        self.rows.append((what, tried, failed, figures))
        self.say(f"{what}: {failed} of {tried} failed{figures and '; '}{figures}")

    # What is done on the cluster.

    def sql(self, text):
        return self.hanip("exec", "--stdin", "mariadb-0", "--", "bash", "-c", CLIENT, given=text).strip()

    def hanip(self, *arguments, given=None, check=True):
        return self.cluster.kubectl("--namespace=hanip", *arguments, given=given, check=check)

    def pods(self, service, ending=True):
        """Their names. Those that are ENDING get no requests, but half a minute for those that they have."""
        found = self.cluster.get("--namespace=hanip", "pods", f"--selector=serving.knative.dev/service={service}")
        metadata = [pod["metadata"] for pod in found["items"]]
        return [each["name"] for each in metadata if ending or "deletionTimestamp" not in each]

    def wait_for_sleep(self, *services, ending=False):
        asleep = lambda: not any(self.pods(service, not ending) for service in services)
        return self.cluster.wait(f"{services} to sleep", asleep, SLEEP_SECONDS, every=1)[1]

    def service_address(self, namespace, name):
        return self.cluster.kubectl(
            f"--namespace={namespace}", "get", "service", name, "--output=jsonpath={.spec.clusterIP}"
        )

    def node_of_database(self):
        return self.hanip("get", "pod", "mariadb-0", "--output=jsonpath={.spec.nodeName}")

    def people(self):
        values = f"SET @first = 1, @people = {PEOPLE_NUMBER}, @foods = {FOODS}, @days = {DAYS};"
        self.sql(values + PEOPLE.read_text())

    def tick(self, identity):
        """Hands an event to the broker, as PingSource does."""
        broker = self.service_address("knative-eventing", "broker-ingress")
        headers = [
            word for name, value in {**EVENT, "ce-id": identity}.items() for word in ("--header", f"{name}: {value}")
        ]
        url = f"http://{broker}/hanip/default"
        # The channel in memory answers when the tick has: that may be after this has killed it.
        subprocess.Popen(["curl", "--silent", "--retry", "9", "--retry-connrefused", *headers, "--data", "{}", url])

    def hold_one(self):
        """Holds the row of one food for some seconds, so that a tick waits there."""
        wait = "BEGIN; SELECT 1 FROM counters ORDER BY user_id DESC LIMIT 1 FOR UPDATE; DO SLEEP(8); COMMIT"
        command = ["kubectl", "--namespace=hanip", "exec", "mariadb-0", "--", "bash", "-c", f'{CLIENT} -e "{wait}"']
        held = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        time.sleep(1)
        return held

    def counted(self):
        return self.cluster.wait("all foods to be counted", lambda: self.sql(WRONG) == "0", 150, every=1)[1]

    def trivial_image(self):
        return images.program("trivial", self.cluster.programs / "trivial")

    # What is promised.

    def all_is_ready(self):
        self.page.run("kubectl --namespace hanip get ksvc,pods")
        kinds = "ksvc,broker,trigger,pingsource,sinkbinding"
        found = self.cluster.get("--namespace=hanip", kinds)["items"]
        unready = [thing for thing in found if not ready(thing)]
        self.held("all of Hanip's parts are Ready", len(found), len(unready))

    def ticks_come_from_the_source(self):
        self.hanip("patch", "pingsource", "tick", "--type=merge", f"--patch={SCHEDULE}")
        before = self.sql("SELECT COUNT(*) FROM ticks")
        arrived = lambda: self.sql("SELECT COUNT(*) FROM ticks") != before
        _, seconds = self.cluster.wait("a tick of the PingSource", arrived, 150, every=1)
        self.counted()
        self.hanip("patch", "pingsource", "tick", "--type=merge", '--patch={"spec": {"schedule": "*/15 * * * *"}}')
        self.held(
            "a tick of the PingSource becomes a row of ticks, and all days are counted", 1, 0, f"after {seconds:.0f} s"
        )

    def policies_are_in_force(self):
        self.cluster.enforce_policies()
        image = self.hanip(
            "get", "statefulset", "mariadb", "--output=jsonpath={.spec.template.spec.containers[0].image}"
        )
        self.cluster.kubectl(
            "run", "stranger", f"--image={image}", "--restart=Never", "--command", "--", "sleep", "86400"
        )
        self.cluster.kubectl("wait", "pod/stranger", "--for=condition=Ready", "--timeout=60s")

        def reaches(place):
            host, port = place.split()
            try_it = f"exec 3<>/dev/tcp/{host}.svc.cluster.local/{port}"
            command = ["kubectl", "exec", "stranger", "--", "bash", "-c", try_it]
            try:
                return subprocess.run(command, capture_output=True, timeout=3, check=False).returncode == 0
            except subprocess.TimeoutExpired:
                return False

        self.cluster.wait("the policies", lambda: not reaches("mariadb.hanip 3306"), 60)
        wrong = [place for place, may in VISITS.items() if reaches(place) != may]
        self.cluster.kubectl("delete", "pod", "stranger", "--grace-period=0", "--force")
        self.held("a pod elsewhere reaches the edge and nothing else", len(VISITS), len(wrong), ", ".join(wrong))

    def a_cold_start_is_as_fast_as_a_trivial_one(self, rounds, when, beside):
        measured = cold.measure(self, rounds, when)
        self.shares |= {f"{name}, {when}": rounds for name, rounds in measured.items()}
        figures = {name: cold.whole(rounds) for name, rounds in measured.items()}
        ours, theirs = figures["foods"], figures[beside]
        median, late = (statistics.median(ours) / statistics.median(theirs), p95(ours) / p95(theirs))
        words = f"median {median:.2f} ×, p95 {late:.2f} × of {beside}; " + "; ".join(
            f"{name} {statistics.median(seconds):.3f} · {p95(seconds):.3f} s" for name, seconds in figures.items()
        )
        self.held(
            f"a cold request {when} takes no longer than one to a trivial function",
            2,
            (median > 1.05) + (late > 1.25),
            words,
        )

    def functions_sleep(self):
        Person(1).ask("/api/foods")
        took = self.wait_for_sleep("foods")
        self.held("a function sleeps when nobody asks", 1, 0, f"its pod is gone after {took:.0f} s")

    def no_request_fails_from_sleep_to_many_to_sleep(self):
        self.wait_for_sleep("foods")
        most = 0
        failed = asked = 0
        failures = []
        for clients, wanted in ((8, 10_000), (90, 22_000)):
            with Crowd(clients, "/api/foods") as crowd:
                while asked + crowd.asked < wanted:
                    time.sleep(1)
                    most = max(most, len(self.pods("foods")))
            asked, failed, failures = asked + crowd.asked, failed + crowd.failed, failures + crowd.failures
        took = self.wait_for_sleep("foods")
        words = f"up to {most} pods, all asleep {took:.0f} s later" + "".join(
            f"; first: {words}" for words in failures[:1]
        )
        self.held("requests from sleep, of eight people and then of ninety", asked, failed, words)

    def no_request_fails_while_an_image_is_replaced(self):
        file = HERE.parents[2] / "target/images/pushed"
        lines = file.read_text().splitlines()
        now = next(line for line in lines if "/foods@" in line)
        other = images.with_label(now, "proof", "another")
        (self.cluster.folder / "replaced").write_text(
            "\n".join(other if line == now else line for line in lines) + "\n"
        )
        with Crowd(8, "/api/foods", rate=60) as crowd:
            self.deploy(self.cluster.folder / "replaced")
            self.cluster.wait("the old revision to sleep", lambda: len(self.revisions()) == 1, 200, every=1)
            while crowd.asked < 2_000:
                time.sleep(1)
        self.held("requests while an image is replaced", crowd.asked, crowd.failed, "; ".join(crowd.failures[:1]))

    def deploy(self, file):
        made = subprocess.run(["scripts/deploy", "local", file], capture_output=True, text=True, check=False)
        if made.returncode:
            raise Failed(f"scripts/deploy: {made.stdout[-2000:]} {made.stderr[-2000:]}")

    def revisions(self):
        """Those of foods that have pods."""
        return {pod.rsplit("-deployment-", 1)[0] for pod in self.pods("foods")}

    def no_request_fails_while_a_password_is_changed(self):
        local = [("scripts/deploy vagrant", "scripts/deploy local")]
        # Both blocks are one session of a person: the second uses names of the first.
        first = self.page.block("foods-password-before\": \"'$before'").replace(*local[0])
        with Crowd(8, "/api/foods", rate=40) as crowd:
            self.page.run("foods-password-before\": \"'$before'", local)
            self.page.run("url=$(secret | sed", [("url=$(secret", f"{names_of(first)}\nurl=$(secret"), *local])
            self.cluster.wait("the old revision to sleep", lambda: len(self.revisions()) == 1, 200, every=1)
        self.held(
            "requests while a password is changed by the page", crowd.asked, crowd.failed, "; ".join(crowd.failures[:1])
        )

    def a_function_can_be_rolled_back(self):
        """Until that is taken back, a deploy says that it changes nothing of the function."""
        by_age = "--sort-by=.metadata.creationTimestamp"
        selector = "--selector=serving.knative.dev/service=foods"
        revisions = self.hanip(
            "get", "revisions", selector, by_age, "--output=jsonpath={.items[*].metadata.name}"
        ).split()
        with Crowd(8, "/api/foods", rate=40) as crowd:
            self.page.run("foods-00007", [("foods-00007", revisions[-2])])
            self.cluster.wait("requests at the revision before", lambda: self.serving() == revisions[-2], 120)
            try:
                self.deploy(HERE.parents[2] / "target/images/pushed")
                raise Failed("scripts/deploy does not say that the traffic is held")
            except Failed as failed:
                if "pinned to a revision" not in str(failed):
                    raise
            self.page.run('"path": "/spec/traffic"')
            self.cluster.wait("requests at the newest revision", lambda: self.serving() != revisions[-2], 120)
        self.held(
            "requests while a function is rolled back by the page",
            crowd.asked,
            crowd.failed,
            "; ".join(crowd.failures[:1]),
        )

    def serving(self):
        """The revision of foods that gets all requests."""
        traffic = self.cluster.get("--namespace=hanip", "ksvc", "foods")["status"]["traffic"]
        return next((target["revisionName"] for target in traffic if target.get("percent") == 100), None)

    def a_killed_tick_loses_and_doubles_nothing(self):
        seconds, midway = [], 0
        for number in range(20):
            self.sql(UNCOUNT)
            held = self.hold_one() if number % 4 == 0 else None
            self.tick(f"proof-{number}")
            if number % 4 == 0:
                self.cluster.wait(
                    "a tick that has begun", lambda: int(self.sql(WRONG)) < FOODS * PEOPLE_NUMBER, 60, every=0
                )
                self.hanip(
                    "delete", "pod", "--selector=serving.knative.dev/service=tick", "--grace-period=0", "--force"
                )
                midway += self.sql(WRONG) != "0"
                held.wait()
            seconds.append(self.counted())
        words = f"{midway} of 5 killed with days left to count; all counted after {max(seconds):.0f} s at most"
        self.held("ticks, five of them killed: days lost or counted twice", 20, 0, words)

    def milestones_reach_who_listens(self):
        self.wait_for_sleep("milestone-log")
        yesterday = "UTC_DATE() - INTERVAL 1 DAY"
        reached = f"INSERT INTO milestones SELECT user_id, id, 30, {yesterday}, NULL FROM foods LIMIT {MILESTONES}"
        self.sql(f"DELETE FROM milestones; {reached}")
        self.tick("milestones")

        def heard():
            events = [json.loads(line) for line in self.log("milestone-log").splitlines() if '"event"' in line]
            return len({event["id"] for event in events}) == MILESTONES

        _, seconds = self.cluster.wait("all milestones in the log", heard, 90, every=1)
        self.held(
            "milestones that do not reach a subscriber that slept", MILESTONES, 0, f"all there after {seconds:.0f} s"
        )

    def log(self, service):
        return self.hanip(
            "logs",
            f"--selector=serving.knative.dev/service={service}",
            "--container=user-container",
            "--tail=-1",
            check=False,
        )

    def a_backup_can_be_restored(self):
        for number in range(5):
            before = self.content()
            self.page.run("create job backup-now")
            self.sql("DELETE FROM slips LIMIT 10; UPDATE foods SET name = '잊힌 음식'")
            changed = self.content()
            self.page.run("create job restore-now")
            if changed == before or (after := self.content()) != before:
                raise Failed(f"restore {number + 1}: expected {before}, found {after}, after {changed}")
        status, _, _ = Person(1).ask("/api/foods")
        self.held("backups made and restored by the page", 5, int(status != 200))

    def content(self):
        """How many slips there are, and what foods are called."""
        return self.sql("SELECT COUNT(*), (SELECT GROUP_CONCAT(DISTINCT name ORDER BY name) FROM foods) FROM slips")

    def edges_follow_the_load(self):
        def edges():
            return self.cluster.get("--namespace=hanip", "deployment", "edge")["status"].get("readyReplicas", 0)

        seconds, host = 120, f"Host: {HOST}"
        command = ["wrk", "--threads", "1", "--connections", "16", "--duration", str(seconds), "--header", host]
        with subprocess.Popen([*command, f"http://127.0.0.1:{PORT}/"], stdout=subprocess.PIPE, text=True) as load:
            self.cluster.wait("a third edge", lambda: edges() > 2, seconds)
            said = load.communicate()[0]
        most = edges()
        _, later = self.cluster.wait("two edges", lambda: edges() == 2, 600, every=2)
        asked = int(re.search(r"(\d+) requests in", said)[1])
        failed = sum(map(int, re.findall(r"(?:connect|read|write|timeout|responses:) (\d+)", said)))
        words = f"{most} edges at the most, two again {later:.0f} s after it"
        self.held("requests while edges follow the load and go back", asked, failed, words)

    def a_node_can_be_drained(self):
        """The one without the database, whose pod is one."""
        node = next(node for node in NODES if node != self.node_of_database())
        with Crowd(8, "/api/foods", rate=40) as crowd:
            self.page.run("kubectl drain $node", [("node=node1", f"node={node}")])
            time.sleep(10)
            self.cluster.kubectl("uncordon", node)
        self.held(
            "requests while a node is drained by the page", crowd.asked, crowd.failed, "; ".join(crowd.failures[:1])
        )

    def a_refused_tick_ends_in_the_log(self):
        self.sql("ALTER USER hanip_tick ACCOUNT LOCK")
        self.hanip("delete", "pod", "--selector=serving.knative.dev/service=tick", "--wait=false")
        try:
            self.tick("proof-refused")
            heard = lambda: "proof-refused" in self.log("dead-letter")
            _, seconds = self.cluster.wait("the dead letter", heard, 500, every=2)
        finally:
            self.sql("ALTER USER hanip_tick ACCOUNT UNLOCK")
        self.held("a tick that is never taken ends in the log", 1, 0, f"after {seconds:.0f} s")


def ready(thing):
    return any(it["type"] == "Ready" and it["status"] == "True" for it in thing["status"]["conditions"])


def names_of(block):
    """What a block of the page has set for those that follow."""
    return "\n".join(line for line in block.splitlines() if line.startswith(("secret()", "password="))).replace(
        "password=$(od",
        "password=$(kubectl --namespace hanip get secret migrate --output jsonpath='{.data.foods-password}' | base64 --decode) # $(od",
    )


def p95(seconds):
    return statistics.quantiles(seconds, n=20, method="inclusive")[-1]
