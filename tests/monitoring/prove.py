"""Shows what is watched to the real programs: prove.py MADE FIGURES_ADDRESS SERVED_ADDRESS

MADE is a folder that scripts/monitoring has filled; the others are addresses of the program figures and of a function.
Knative's queue-proxy stands before the function and pushes to Prometheus, which evaluates the rules; every panel's
query is asked. Alertmanager tells a stand-in for Slack, which refuses what Slack refuses.
"""

import http.server
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATCH = ROOT / "knative/platform/patches/config-observability.yaml"
# What need not have a series here: no autoscaler and no kube-state-metrics runs, and nobody has signed in.
MAY_BE_EMPTY = ("Pods wanted and there", "Age of the last backup", "Sign-ins in a quarter of an hour")
NO_TICK_YET = ("Time since the last tick", "How long it worked")


def main(made, figures, served):
    made = pathlib.Path(made).resolve()
    with tempfile.TemporaryDirectory(prefix="hanip-monitoring.", dir="/tmp") as folder:
        Requests(made, pathlib.Path(folder), figures, served).prove()
        Slack(made, pathlib.Path(folder)).prove()


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def get(address, headers=None):
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers or {}), timeout=10) as answer:
        return answer.read().decode()


def wait(what, act, seconds=60):
    end = time.monotonic() + seconds
    while True:
        try:
            if found := act():
                return found
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass
        if time.monotonic() > end:
            raise SystemExit(f"not within {seconds} s: {what}")
        time.sleep(0.2)


def promise(words, tried, failed=0):
    print(f"{words}: {failed} of {tried}")
    if failed:
        raise SystemExit(1)


class Requests:
    def __init__(self, made, folder, figures, served):
        self.made, self.folder, self.figures, self.served = made, folder, figures, served
        self.address = f"http://127.0.0.1:{free_port()}"

    def prove(self):
        prometheus = self.prometheus()
        try:
            wait("Prometheus is ready", lambda: get(f"{self.address}/-/ready"))
            self.one_request_is_one()
            wait("figures are read", lambda: self.ask("hanip_build_info"))
            time.sleep(3)
            self.panels()
            self.labels()
            self.addresses()
        finally:
            prometheus.terminate()
            prometheus.wait()

    def prometheus(self):
        """As the values of kube-prometheus-stack set it up, but read and evaluated every second."""
        values = yaml.safe_load((ROOT / "knative/monitoring/kube-prometheus-stack.yaml").read_text())
        otlp = values["prometheus"]["prometheusSpec"]["otlp"]
        rules = yaml.safe_load((self.made / "rules.yml").read_text())
        for group in rules["groups"]:
            group["interval"] = "1s"
        (self.folder / "rules.yml").write_text(yaml.safe_dump(rules))
        config = {
            "global": {
                "scrape_interval": "1s",
                "evaluation_interval": "1s",
                "external_labels": {"hanip_docs": "https://docs.example/hanip"},
            },
            "rule_files": ["rules.yml"],
            "otlp": {
                "promote_resource_attributes": otlp["promoteResourceAttributes"],
                "translation_strategy": otlp["translationStrategy"],
            },
            "storage": {"tsdb": {"out_of_order_time_window": "10m"}},
            "scrape_configs": [
                {
                    "job_name": "figures",
                    "metrics_path": "/figures",
                    "static_configs": [{"targets": [urllib.parse.urlparse(self.figures).netloc]}],
                }
            ],
        }
        (self.folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        return self.start(
            "prometheus",
            f"--config.file={self.folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.folder / 'tsdb'}",
            f"--web.listen-address={urllib.parse.urlparse(self.address).netloc}",
            "--web.enable-otlp-receiver",
        )

    def start(self, name, *options, **environment):
        with (self.folder / f"{name}.log").open("w") as log:
            return subprocess.Popen([name, *options], stdout=log, stderr=log, env={**os.environ, **environment})

    def one_request_is_one(self):
        """A pod wakes, answers one request, and ends at once."""
        port, data = free_port(), yaml.safe_load(PATCH.read_text())["data"]
        endpoint = self.address + urllib.parse.urlparse(data["request-metrics-endpoint"]).path
        observed = {
            "requestMetrics": {
                "protocol": data["request-metrics-protocol"],
                "endpoint": endpoint,
                "exportInterval": 15_000_000_000,
            }
        }
        queue = self.start(
            "serving-queue",
            CONTAINER_CONCURRENCY="50",
            QUEUE_SERVING_PORT=str(port),
            QUEUE_SERVING_TLS_PORT=str(free_port()),
            USER_PORT=str(urllib.parse.urlparse(self.served).port),
            REVISION_TIMEOUT_SECONDS="60",
            SERVING_LOGGING_CONFIG="",
            SERVING_LOGGING_LEVEL="info",
            SERVING_NAMESPACE="hanip",
            SERVING_SERVICE="foods",
            SERVING_CONFIGURATION="foods",
            SERVING_REVISION="foods-00001",
            SERVING_POD="foods-00001-pod",
            HOSTNAME="foods-00001-pod",
            SERVING_POD_IP="127.0.0.1",
            SERVING_READINESS_PROBE="",
            OBSERVABILITY_CONFIG=json.dumps(observed),
        )
        # It is asked whether it listens by a probe, which is no request.
        probe = {"K-Network-Probe": "queue", "User-Agent": "kube-probe/1.34"}
        wait("the queue-proxy listens", lambda: (queue.poll() is None) and self.listens(port, probe), 30)
        asked = urllib.request.Request(f"http://127.0.0.1:{port}/api/foods", headers={"Host": "foods.hanip"})
        try:
            urllib.request.urlopen(asked, timeout=10)
        except urllib.error.HTTPError as answer:
            assert answer.code == 401, answer
        queue.send_signal(signal.SIGTERM)
        expr = 'sum(hanip:requests:increase5m{kn_service_name="foods"})'
        value = wait("the request is in the dashboard", lambda: self.ask(expr), 90)[0]["value"][1]
        queue.wait()
        time.sleep(3)
        again = self.ask(expr)[0]["value"][1]
        promise("One request to a pod that ends at once is not 1", 2, int([value, again] != ["1", "1"]))
        started = self.ask('hanip:starts:increase5m{kn_service_name="foods"}')[0]["value"][1]
        promise("The start of a pod is not 1", 1, int(started != "1"))

    def listens(self, port, headers):
        try:
            return get(f"http://127.0.0.1:{port}/", headers)
        except urllib.error.HTTPError:
            return True

    def ask(self, expr):
        query = urllib.parse.urlencode({"query": expr})
        return json.loads(get(f"{self.address}/api/v1/query?{query}"))["data"]["result"]

    def panels(self):
        empty, asked = [], 0
        for panel in json.loads((self.made / "dashboard.json").read_text())["panels"]:
            for target in panel.get("targets", []):
                asked += 1
                if not self.ask(target["expr"]) and panel["title"] not in MAY_BE_EMPTY + NO_TICK_YET:
                    empty.append(panel["title"])
                if panel["title"] in MAY_BE_EMPTY + NO_TICK_YET:
                    assert "Empty" in panel["description"], panel["title"]
        for title in empty:
            print(f"no series: {title}", file=sys.stderr)
        promise("Queries of panels that find nothing and do not say why", asked, len(empty))

    def addresses(self):
        """Each alert that fires leads to its row of the page."""
        alerts = json.loads(get(f"{self.address}/api/v1/alerts"))["data"]["alerts"]
        wrong = [
            alert
            for alert in alerts
            if alert["annotations"]["runbook_url"]
            != f"https://docs.example/hanip/operations.md#{alert['labels']['alertname'].lower()}"
        ]
        assert alerts, "the watchdog is always on"
        promise("Alerts that do not lead to their row of the page", len(alerts), len(wrong))

    def labels(self):
        """Names that the parts really expose, and labels that hold nobody."""
        names = set(json.loads(get(f"{self.address}/api/v1/label/__name__/values"))["data"])
        listed = (ROOT / "tests/monitoring/exposed").glob("*.txt")
        wanted = {
            line for path in listed if path.stem in ("figures", "queue-proxy") for line in path.read_text().split()
        } - {"hanip_sign_ins_total", "hanip_tick_last_timestamp_seconds", "hanip_tick_last_duration_seconds"}
        promise("Names in rules and dashboard that nothing exposes", len(wanted), len(wanted - names))
        labels = set(json.loads(get(f"{self.address}/api/v1/labels"))["data"])
        print(f"   labels: {', '.join(sorted(labels))}")
        personal = {
            label for label in labels if any(part in label for part in ("user_id", "email", "food", "path", "query"))
        }
        promise("Labels that could hold a person, an address or a food", len(labels), len(personal))


class Slack:
    """Alertmanager with our configuration, and somebody who takes or refuses messages as Slack does."""

    def __init__(self, made, folder):
        self.made, self.folder, self.taken, self.refused, self.answers = made, folder, [], [], []
        self.address = f"http://127.0.0.1:{free_port()}"

    def prove(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        threading.Thread(target=server.serve_forever, daemon=True).start()
        alertmanager = self.alertmanager(server.server_port)
        try:
            wait("Alertmanager is ready", lambda: get(f"{self.address}/-/ready"))
            self.cases()
        finally:
            alertmanager.terminate()
            alertmanager.wait()
            server.shutdown()

    def handler(slack):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                text = self.rfile.read(int(self.headers["Content-Length"])).decode()
                if self.path == "/watchdog":
                    slack.watched += 1
                    return self.answer(200)
                if slack.answers:
                    answer = slack.answers.pop(0)
                    if answer == "slow":
                        time.sleep(20)
                        answer = 200
                    if answer != 200:
                        return self.answer(answer)
                if words := fault(json.loads(text)):
                    slack.refused.append(words)
                    return self.answer(400)
                slack.taken.append(json.loads(text))
                return self.answer(200)

            def answer(self, status):
                self.send_response(status)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_):
                pass

        return Handler

    def alertmanager(self, port):
        secrets = self.folder / "secrets"
        secrets.mkdir()
        (secrets / "slack").write_text(f"http://127.0.0.1:{port}/slack")
        config = yaml.safe_load((self.made / "alertmanager.yml").read_text())
        config["global"]["slack_api_url_file"] = str(secrets / "slack")
        config["templates"] = [str(self.made / "*.tmpl")]
        for receiver in config["receivers"]:
            for hook in receiver.get("webhook_configs", []):
                # This release, of Debian 12, has no `url_file` yet.
                del hook["url_file"]
                hook["url"] = f"http://127.0.0.1:{port}/watchdog"
        # The same, in less time.
        for route in [config["route"], *config["route"]["routes"]]:
            route |= {key: "1s" for key in ("group_wait", "group_interval") if key in route}
            if route["receiver"] == "watchdog":
                route["repeat_interval"] = "1s"
        path = self.folder / "alertmanager.yml"
        path.write_text(yaml.safe_dump(config))
        subprocess.run(["amtool", "check-config", path], check=True, stdout=subprocess.DEVNULL)
        log = (self.folder / "alertmanager.log").open("w")
        options = [f"--config.file={path}", f"--storage.path={self.folder / 'am'}", "--cluster.listen-address="]
        options.append(f"--web.listen-address={urllib.parse.urlparse(self.address).netloc}")
        return subprocess.Popen(["prometheus-alertmanager", *options], stdout=log, stderr=log)

    def alert(self, name, *, over=False, follows=None, summary="음식 <failed> & 멈췄어요", **labels):
        now = time.time()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - 1 if over else now + 600))
        return {
            "labels": {"alertname": name, **({"follows": follows} if follows else {}), **labels},
            "annotations": {
                "summary": summary,
                "cause": "A < B & C > D",
                "runbook_url": f"https://docs.example/hanip/operations.md#{name.lower()}",
            },
            "startsAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - 60)),
            "endsAt": stamp,
        }

    def send(self, alerts):
        body = json.dumps(alerts).encode()
        headers = {"Content-Type": "application/json"}
        urllib.request.urlopen(urllib.request.Request(f"{self.address}/api/v2/alerts", body, headers), timeout=10)

    def heard(self, name, what="firing"):
        good = what == "firing"
        for message in list(self.taken):
            part = message["attachments"][0]
            if name in part["title"] and (part["color"] == "danger") == good:
                return part
        return None

    def cases(self):
        self.watchdog()
        many = [self.alert("HanipFunctionFails", kn_service_name=f"f{at}") for at in range(200)]
        self.send(many)
        part = wait("200 alerts of a group are one message", lambda: self.heard("200 × HanipFunctionFails"))
        assert "… of 200" in part["text"], part
        assert "&lt;failed&gt; &amp; 멈췄어요" in part["text"] and "*Cause*: A &lt; B &amp; C &gt; D" in part["text"], (
            part
        )
        assert "#hanipfunctionfails|" in part["text"], part
        self.send([self.alert("HanipFunctionFails", over=True, kn_service_name=f"f{at}") for at in range(200)])
        part = wait("what is over is told", lambda: self.heard("HanipFunctionFails", "over"))
        assert "*Cause*: A &lt;" in part["text"] and "#hanipfunctionfails|" in part["text"], part
        # Marks that have to be written out make the text five times as long; where it is cut, none is left half.
        self.send([self.alert("HanipFunctionSlow", summary="<&>" * 200, kn_service_name=f"f{at}") for at in range(20)])
        wait("20 alerts of nothing but marks are one message", lambda: self.heard("20 × HanipFunctionSlow"))
        tried = 3
        for name, answers in {"HanipDrift": [429], "HanipEventLost": [500, 500], "HanipBackupOld": ["slow"]}.items():
            self.answers = list(answers)
            self.send([self.alert(name)])
            wait(f"told after {answers}", lambda name=name: self.heard(name), 60)
            tried += 1
        self.send([self.alert("HanipDatabaseAway"), self.alert("HanipDatabaseWasAway", severity="none")])
        wait("the database is away", lambda: self.heard("HanipDatabaseAway"))
        self.send([self.alert("HanipDatabaseAway", over=True)])
        wait("the database is back", lambda: self.heard("HanipDatabaseAway", "over"))
        # What follows from it is inhibited for a while longer.
        self.send([self.alert("HanipTickMissing", follows="database")])
        self.silence("HanipPodsMissing")
        self.send([self.alert("HanipPodsMissing", kn_service_name="foods")])
        time.sleep(5)
        quiet = ("HanipDatabaseWasAway", "HanipTickMissing", "HanipPodsMissing")
        told = [name for name in quiet if self.heard(name)]
        promise("Alerts that nobody is to hear of, follow from another, or are silenced, and are told", 3, len(told))
        promise("Messages that Slack refuses, or never gets", tried, len(self.refused))

    def watchdog(self):
        """It is told again and again, except while Slack can't be told."""
        self.watched, untold = 0, "HanipAlertsUntold"
        self.send([self.alert("HanipWatchdog", severity="none"), self.alert(untold, integration="webhook")])
        wait("the watchdog is told, and told again", lambda: self.watched > 1)
        self.send([self.alert(untold, integration="slack")])
        wait("Slack can't be told", lambda: self.inhibited("HanipWatchdog"))
        time.sleep(2)
        before = self.watched
        time.sleep(5)
        promise("The watchdog is told while Slack can't be", 1, self.watched - before)
        self.send([self.alert(untold, over=True, integration="slack")])
        wait("the watchdog is told once Slack can be", lambda: self.watched > before)

    def inhibited(self, name):
        alerts = json.loads(get(f"{self.address}/api/v2/alerts"))
        return any(alert["labels"]["alertname"] == name and alert["status"]["inhibitedBy"] for alert in alerts)

    def silence(self, name):
        command = ["amtool", f"--alertmanager.url={self.address}", "silence", "add", f"alertname={name}"]
        options = ["--author=test", "--comment=test", "--duration=10m"]
        subprocess.run([*command, *options], check=True, stdout=subprocess.DEVNULL)


def fault(message):
    """What Slack refuses: api.slack.com/reference says how long each part may be."""
    text = json.dumps(message, ensure_ascii=False)
    if len(text) > 40_000:
        return "more than 40,000 characters"
    for part in message.get("attachments", []):
        if len(part.get("title", "")) > 150 or "\n" in part.get("title", ""):
            return f"a title of more than 150 characters or a line: {part['title']}"
        if len(part.get("text", "")) > 8_000:
            return "a text of more than 8,000 characters"
        if len(part.get("fields", [])) > 10:
            return "more than 10 fields"
        bare = part.get("text", "").replace("&lt;", "").replace("&gt;", "").replace("&amp;", "")
        links = bare.count("<http")
        if "&" in bare or bare.count("<") != links or bare.count(">") != links:
            return f"& < > that are none of Slack's: {part['text'][:300]}"
    return None


if __name__ == "__main__":
    main(*sys.argv[1:])
