"""Runs the committed Jenkinsfile with Jenkins's own Groovy, in every way that it can end: run.py GROOVY_JAR

Its stages are the real scripts/ci, over scripts that fail, hang or print all secrets as the case says. Slack is a
stand-in that refuses what Slack refuses, and that looks through the arguments of all processes while it is told.
"""

import base64
import collections
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).parent
STAGES = ["checkout", "test", "images", "push", "deploy"]
PASSWORD = "k7#Rm2/pQ9 <x>&é"
SECRETS = {
    "registry": json.dumps({"auths": {"r.example": {"auth": base64.b64encode(f"bot:{PASSWORD}".encode()).decode()}}}),
    "cosign-key": "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nZmlyc3RsaW5lb2ZrZXk\nc2Vjb25kbGluZW9ma2V5\n-----END-----\n",
    "cosign-password": "correct-horse-battery\n",
    "kubeconfig": "clusters:\n- cluster:\n    server: https://10.0.0.1:6443\nusers:\n- user:\n    token: eyJhbGciOi.kube.token\n",
}
# Every form of a secret that must be nowhere. The webhook's address is added when Slack's stand-in has a port.
HIDDEN = [
    PASSWORD,
    json.dumps(PASSWORD)[1:-1],
    base64.b64encode(f"bot:{PASSWORD}".encode()).decode(),
    "Zmlyc3RsaW5lb2ZrZXk",
    "c2Vjb25kbGluZW9ma2V5",
    "correct-horse-battery",
    base64.b64encode(b"correct-horse-battery").decode(),
    "eyJhbGciOi.kube.token",
]
# What every stage prints: all that it was given, in the forms in which programs print it.
PRINTS = """
import base64, json, os, pathlib
for name in ("REGISTRY_AUTH_FILE", "COSIGN_KEY", "COSIGN_PASSWORD_FILE", "KUBECONFIG", "SLACK_WEBHOOK_FILE"):
    if path := os.environ.get(name):
        text = pathlib.Path(path).read_text()
        print(name, text)
        print("in a line:", json.dumps(text), base64.b64encode(text.strip().encode()).decode())
        for auth in (json.loads(text)["auths"].values() if name == "REGISTRY_AUTH_FILE" else ()):
            print("signed in with", base64.b64decode(auth["auth"]).decode())
            print("x" * 3990 + base64.b64decode(auth["auth"]).decode())
"""
FAILS = "printf '\\e[31mA <b> & ```음식``` went\\e[0m wrong\\n\\n── FAILED: 음식 <images> & more\\n'; exit 3"
BEHAVIOUR = {
    "fails": FAILS,
    "long line": f"python3 -c \"print('y' * 3_000_000)\"; {FAILS}",
    "aborted": "touch target/abort; sleep 60",
    "hangs": "sleep 60",
}


def refused(message):
    """Slack's limits of an incoming webhook."""
    blocks = message.get("blocks", [])
    if not message.get("text") or len(message["text"]) > 40_000 or len(blocks) > 50:
        return "invalid_payload"
    for block in blocks:
        text = block.get("text", {}).get("text", "")
        if block["type"] == "header" and not (block["text"]["type"] == "plain_text" and 0 < len(text) <= 150):
            return "invalid_blocks: header"
        if block["type"] == "section" and not 0 < len(text) <= 3000:
            return "invalid_blocks: section"
        for element in block.get("elements", []):
            if len(element["text"]["text"]) > 75 or len(element["url"]) > 3000:
                return "invalid_blocks: button"
    return None


class Slack:
    def __init__(self):
        self.messages, self.faults, self.seen = collections.defaultdict(list), [], []
        self.answers = []
        slack = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                slack.look()
                status, words = slack.answers.pop(0) if slack.answers else (200, b"ok")
                case = self.path.rpartition("/")[2]
                if status == 200 and (fault := refused(body)):
                    slack.faults.append(fault)
                    status, words = 400, fault.encode()
                if status == 200:
                    slack.messages[case].append(body)
                self.send_response(status)
                if status == 429:
                    self.send_header("Retry-After", "1")
                self.end_headers()
                self.wfile.write(words)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}/services/T0/B0/s3cr3t-of-the-webhook"

    def look(self):
        """Secrets among the arguments of processes."""
        for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = path.read_bytes().decode(errors="replace")
            except OSError:
                continue
            self.seen += [secret for secret in [*HIDDEN, "s3cr3t-of-the-webhook"] if secret in words]


def workspace(folder, behaviour):
    """The scripts as they are, and stand-ins for what they call."""
    for name in ("ci", "ci-log", "ci-tell", "lib.sh"):
        (folder / "scripts").mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "scripts" / name, folder / "scripts" / name)
    (folder / "prints.py").write_text(PRINTS)
    for name, stages in {"test": ["test"], "images": ["images", "push"], "deploy": ["deploy"]}.items():
        lines = ["#!/bin/bash", "stage=${0##*/}; [[ ${1:-} != push ]] || stage=push", "python3 prints.py >&2"]
        lines += [
            f"[[ $stage != {at} ]] || {{ {BEHAVIOUR[what]}; }} >&2" for at, what in behaviour.items() if at in stages
        ]
        if name == "images":
            lines.append(f'[[ $stage != push ]] || echo "$2/web@sha256:{"0" * 64}"')
        (folder / "scripts" / name).write_text("\n".join(lines) + "\n")
        (folder / "scripts" / name).chmod(0o755)
    (folder / ".gitignore").write_text("/target\n")
    git = ["git", "-C", folder, "-c", "user.name=A", "-c", "user.email=a@b.example"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", "음식"], check=True)
    if behaviour.get("checkout") == "fails":
        (folder / "left").write_text("of an earlier run")
    # An earlier run has left its log, which is not that of this run.
    (folder / "target/run").mkdir(parents=True)
    (folder / "target/run/push.log").write_text("of an earlier run\n")


Case = collections.namedtuple("Case", "name behaviour branch result stages outcome words change", defaults=({},))


def cases():
    header = "failed in"
    cause = "*Cause*: 음식 &lt;images&gt; &amp; more"
    main = "main"
    yield Case("all is well on main", {}, main, "SUCCESS", 5, "passed", ())
    yield Case("another branch neither pushes nor deploys", {}, "pr/음식", "SUCCESS", 3, "passed", ("pr/음식",))
    yield Case(
        "checkout fails",
        {"checkout": "fails"},
        main,
        "FAILURE",
        1,
        f"{header} checkout",
        ("not what is committed", "left"),
    )
    for at, stage in enumerate(STAGES[1:], 2):
        yield Case(
            f"{stage} fails",
            {stage: "fails"},
            main,
            "FAILURE",
            at,
            f"{header} {stage}",
            (cause, "A &lt;b&gt; &amp; '''음식''' went wrong"),
        )
    yield Case("a line of 3 MB", {"push": "long line"}, main, "FAILURE", 4, f"{header} push", (cause, "yyyy"))
    yield Case("somebody aborts", {"images": "aborted"}, main, "ABORTED", 3, "was aborted in images", ("*Cause*",))
    yield Case(
        "it takes too long",
        {"test": "hangs"},
        main,
        "ABORTED",
        2,
        "took too long in test",
        ("limit",),
        {"seconds": "6"},
    )
    yield Case(
        "a credential is missing",
        {},
        main,
        "FAILURE",
        4,
        f"{header} push",
        ("Could not find credentials entry with ID 'cosign-key'",),
        {"without": "cosign-key"},
    )
    yield Case(
        "git is away", {}, main, "FAILURE", 1, f"{header} checkout", ("Could not read from remote",), {"git_away": True}
    )
    yield Case("Slack asks to wait", {}, main, "SUCCESS", 5, "passed", (), {"answers": [(429, b""), (500, b"")]})
    yield Case(
        "Slack is away",
        {"test": "fails"},
        main,
        "FAILURE",
        2,
        None,
        (),
        {"slack": "http://127.0.0.1:1/s3cr3t-of-the-webhook"},
    )
    yield Case("Slack knows no such webhook", {}, main, "SUCCESS", 5, None, (), {"answers": [(404, b"no_service")]})
    yield Case("nobody has the webhook", {}, main, "SUCCESS", 5, None, (), {"without": "slack-webhook"})


def prepare(folder, number, case, slack):
    place = folder / str(number)
    place.mkdir()
    workspace(place / "workspace", case.behaviour)
    held = {}
    for name, text in {**SECRETS, "slack-webhook": case.change.get("slack", f"{slack.address}/{number}")}.items():
        if name != case.change.get("without"):
            (place / name).write_text(text)
            held[name] = str(place / name)
    return {
        "name": case.name,
        "workspace": str(place / "workspace"),
        "console": str(place / "console"),
        "credentials": held,
        "git_away": case.change.get("git_away", False),
        "env": {
            "BRANCH_NAME": case.branch,
            "JOB_NAME": f"hanip/{case.branch}",
            "BUILD_NUMBER": "7",
            "BUILD_URL": "https://jenkins.example.com/job/hanip/7/",
            "REGISTRY": "r.example/hanip",
            "CI_SECONDS": case.change.get("seconds", "120"),
            "TELL_PAUSE": "0.05",
        },
    }


def check(case, number, place, became, slack):
    console = (place / "console").read_text()
    logs = {path.name: path.read_text() for path in (place / "workspace/target/run").glob("*") if path.is_file()}
    messages = slack.messages[str(number)]
    told = json.dumps(messages, ensure_ascii=False)
    assert became["result"] == case.result, (case.name, became, console[-3000:])
    assert became["stages"] == STAGES[: case.stages], (case.name, became)
    assert not became["left"], (case.name, "a file of a secret is left", became["left"])
    for secret in [*HIDDEN, "s3cr3t-of-the-webhook"]:
        for where, text in {"console": console, "message": told, **logs}.items():
            assert secret not in text, (case.name, "a secret is in", where, secret)
    assert max(map(len, console.splitlines())) < 4200, (case.name, "a line of the log is too long")
    if case.outcome is None:
        assert not messages and "Slack was not told" in console, (case.name, messages, console[-500:])
        return
    assert len(messages) == 1, (case.name, messages, console[-2000:])
    header = messages[0]["blocks"][0]["text"]["text"]
    assert f"hanip/{case.branch} #7 {case.outcome}" in header, (case.name, header)
    text = "\n".join(block.get("text", {}).get("text", "") for block in messages[0]["blocks"])
    for words in case.words:
        assert words in text, (case.name, words, text)
    assert "of an earlier run\n" not in text and "\x1b" not in text, (case.name, text)
    assert messages[0]["blocks"][-1]["elements"][0]["url"] == "https://jenkins.example.com/job/hanip/7/console"


def main(jar):
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hanip-ci.", dir="/tmp") as made:
        folder, slack = pathlib.Path(made), Slack()
        command = ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", jar, "groovy.ui.GroovyMain"]
        command += [HERE / "jenkins.groovy", ROOT / "Jenkinsfile", HERE / "Steps.groovy"]
        environment = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
        jenkins = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**environment, "LC_ALL": "C.UTF-8"}
        )
        number = 0
        for number, case in enumerate(cases(), 1):
            slack.answers = list(case.change.get("answers", []))
            jenkins.stdin.write(json.dumps(prepare(folder, number, case, slack)) + "\n")
            jenkins.stdin.flush()
            became = jenkins.stdout.readline()
            assert became, "the Jenkinsfile does not run"
            check(case, number, folder / str(number), json.loads(became), slack)
        jenkins.stdin.close()
        assert jenkins.wait() == 0
        assert not slack.faults, slack.faults
        assert not slack.seen, ("a secret is among the arguments of a process", slack.seen)
    print(f"The Jenkinsfile ends rightly in {number} ways, in {time.monotonic() - began:.0f} s")


main(sys.argv[1])
