"""Runs the committed Jenkinsfile with Jenkins's own Groovy, in every way that it can end: run.py GROOVY_JAR

Its stages are the real scripts/ci, over scripts that fail, hang or print all secrets as the case says, and that note the
arguments of all processes. Slack is a stand-in that refuses what Slack refuses. Then it makes each of MISTAKES in a copy,
and sees that it is found.
"""

import base64
import collections
import contextlib
import http.server
import json
import os
import pathlib
import re
import secrets
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).parent
STAGES = ["checkout", "test", "images", "push", "deploy"]
# No secret of another run at the same time is taken for one of this.
OWN = secrets.token_hex(4)
PASSWORD = f"k7#R{OWN}/pQ9 <x>&é"
KEY = [base64.b64encode(f"{line} line of {OWN}".encode()).decode().rstrip("=") for line in ("first", "second")]
COSIGN_PASSWORD = f"correct-horse-{OWN}"
TOKEN = f"eyJhbGciOi.{OWN}.token"
WEBHOOK = f"s3cr3t-{OWN}-of-the-webhook"
LINK = "https://jenkins.example.com/job/hanip/7/"
SECRETS = {
    "registry": json.dumps({"auths": {"r.example": {"auth": base64.b64encode(f"bot:{PASSWORD}".encode()).decode()}}}),
    "cosign-key": "\n".join(["-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----", *KEY, "-----END-----", ""]),
    "cosign-password": f"{COSIGN_PASSWORD}\n",
    "kubeconfig": f"clusters:\n- cluster:\n    server: https://10.0.0.1:6443\nusers:\n- user:\n    token: {TOKEN}\n",
}
# What must be nowhere: every form of a secret, and the beginning of one.
HIDDEN = [
    PASSWORD[:12],
    base64.b64encode(f"bot:{PASSWORD}".encode()).decode(),
    *KEY,
    COSIGN_PASSWORD,
    base64.b64encode(COSIGN_PASSWORD.encode()).decode().rstrip("="),
    TOKEN,
    WEBHOOK,
]
# Which secrets a stage has.
GIVEN = {
    "push": {"REGISTRY_AUTH_FILE", "COSIGN_KEY", "COSIGN_PASSWORD_FILE"},
    "deploy": {"REGISTRY_AUTH_FILE", "KUBECONFIG"},
}
# What every stage prints: all that it was given, in the forms in which programs print it. What runs meanwhile it notes.
PRINTS = """
import base64, json, os, pathlib
with open("../arguments", "ab") as noted:
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            noted.write(path.read_bytes())
        except OSError:
            pass
for name in ("REGISTRY_AUTH_FILE", "COSIGN_KEY", "COSIGN_PASSWORD_FILE", "KUBECONFIG", "SLACK_WEBHOOK_FILE"):
    if path := os.environ.get(name):
        text = pathlib.Path(path).read_text()
        print(name, text)
        print("in a line:", json.dumps(text), base64.b64encode(text.strip().encode()).decode())
        for auth in (json.loads(text)["auths"].values() if name == "REGISTRY_AUTH_FILE" else ()):
            print("signed in with", base64.b64decode(auth["auth"]).decode())
            print("x" * 3980 + base64.b64decode(auth["auth"]).decode())
"""
FAILS = "printf '\\e[31mA <b> & ```음식``` went\\e[0m wrong\\n\\n── FAILED: 음식 <images> & more\\n'; exit 3"
BEHAVIOUR = {
    "fails": FAILS,
    "long line": f"python3 -c \"print('y' * 3_000_000)\"; {FAILS}",
    "aborted": "touch target/abort; sleep 60",
    "hangs": "sleep 60",
}
TELL = """sh(script: 'scripts/ci tell "$RUN_OUTCOME"', returnStatus: true)"""
NO_AGENT, UNTOLD = "no agent takes it", "git is away from a new agent"
# What is done wrong, in which file, what is there, what stands there instead, the case that shows it, and the fault.
MISTAKES = [
    (
        "a secret that the Jenkinsfile prints",
        "Jenkinsfile",
        "sh 'scripts/ci push'",
        """sh 'cat "$COSIGN_PASSWORD_FILE"; scripts/ci push'""",
        "all is well on main",
        "a secret is in the console",
    ),
    (
        "a secret in a log",
        "scripts/ci-log",
        'masked(part.rstrip(b"\\n"), secrets)',
        'part.rstrip(b"\\n")',
        "push fails",
        "a secret is in the message",
    ),
    (
        "a line that is cut before it is masked",
        "scripts/ci-log",
        'masked(part.rstrip(b"\\n"), secrets)',
        'masked(part.rstrip(b"\\n")[:SHOWN], secrets)',
        "all is well on main",
        "a secret is in workspace/target/run/push.log",
    ),
    (
        "a secret among the arguments of a stage",
        "scripts/ci",
        'scripts/images push "$REGISTRY"',
        'scripts/images push "$REGISTRY" "$COSIGN_PASSWORD"',
        "all is well on main",
        "a secret is in the arguments",
    ),
    (
        "a secret among the arguments of who tells",
        "Jenkinsfile",
        """'scripts/ci tell "$RUN_OUTCOME"'""",
        """'''set +x; sh -c 'scripts/ci tell "$0"; true' "$RUN_OUTCOME" "$(cat "$SLACK_WEBHOOK_FILE")" '''""",
        "git is away",
        "a secret is in the arguments",
    ),
    (
        "a copy of a secret that stays",
        "Jenkinsfile",
        "sh 'scripts/ci deploy'",
        """sh 'cp "$KUBECONFIG" target/kubeconfig; scripts/ci deploy'""",
        "all is well on main",
        "a secret is in workspace/target/kubeconfig",
    ),
    (
        "a secret for a stage that does not need it",
        "Jenkinsfile",
        "sh 'scripts/ci test'",
        "withCredentials([file(credentialsId: 'kubeconfig', variable: 'KUBECONFIG')]) { sh 'scripts/ci test' }",
        "another branch neither pushes nor deploys",
        "test has KUBECONFIG",
    ),
    (
        "a branch that is deployed",
        "Jenkinsfile",
        "env.BRANCH_NAME == 'main'",
        "true",
        "another branch neither pushes nor deploys",
        "the stages were",
    ),
    ("a message without the stage", "Jenkinsfile", '"RUN_STAGE=${at}",', "", "checkout fails", "the header is"),
    ("a message with the stage before", "Jenkinsfile", "at = 'images'", "", "images fails", "the header is"),
    ("a message without the cause", "Jenkinsfile", '"RUN_CAUSE=${cause}",', "", "git is away", "the message lacks"),
    ("a message without a link", "Jenkinsfile", '"RUN_LINK=${env.BUILD_URL}console",', "", "git is away", "no link"),
    ("silence on an abort", "Jenkinsfile", TELL, f"outcome == 'aborted' ? 0 : {TELL}", "somebody aborts", "0 messages"),
    ("silence on a failure", "Jenkinsfile", TELL, f"outcome == 'failure' ? 0 : {TELL}", "checkout fails", "0 messages"),
    (
        "an abort that is told as a failure",
        "Jenkinsfile",
        "outcome = System.currentTimeMillis() - began < seconds * 1000L ? 'aborted' : 'timeout'",
        "",
        "somebody aborts",
        "the header is",
    ),
    (
        "a run that waits for ever",
        "Jenkinsfile",
        "timeout(time: 2 * seconds, unit: 'SECONDS')",
        "if (true)",
        NO_AGENT,
        "FAILURE",
    ),
    ("silence on an agent that is missing", "Jenkinsfile", "if (at == 'the queue') echo", "", NO_AGENT, "does not say"),
    ("silence on a message that is not sent", "Jenkinsfile", "if (status) echo", "", UNTOLD, "does not say"),
    ("a failure that passes", "Jenkinsfile", "throw failed", "", "checkout fails", "the result is SUCCESS"),
    (
        "a run that fails because nobody is told",
        "Jenkinsfile",
        'echo "Slack was not told: ${untold.message}"',
        "throw untold",
        "nobody has the webhook",
        "the result is FAILURE",
    ),
    (
        "the log of an earlier run",
        "Jenkinsfile",
        "sh 'rm -rf target/run'",
        "",
        "a credential is missing",
        "the message has what is of an earlier run",
    ),
    (
        "a message that Slack reads as its own marks",
        "scripts/ci-tell",
        'shown = escaped("\\n".join(lines), 2900)',
        'shown = "\\n".join(lines)',
        "images fails",
        "the message lacks",
    ),
    (
        "a message that is sent once",
        "scripts/ci-tell",
        "if error.code != 429 and error.code < 500:",
        "if error.code:",
        "Slack asks to wait",
        "0 messages",
    ),
]


def refused(message):
    """Slack's limits of an incoming webhook."""
    blocks = message.get("blocks", [])
    if not message.get("text") or len(message["text"]) > 40_000 or len(blocks) > 50:
        return "invalid_payload"
    # Slack takes it, and tells a whole channel.
    if re.search("[<>]|&(?!amp;|lt;|gt;)", message["text"]):
        return "not escaped"
    for block in blocks:
        text = block.get("text", {}).get("text", "")
        if block["type"] == "header" and not (block["text"]["type"] == "plain_text" and 0 < len(text) <= 150):
            return "invalid_blocks: header"
        if block["type"] == "section" and not 0 < len(text) <= 3000:
            return "invalid_blocks: section"
        for element in block.get("elements", []):
            if len(element["text"]["text"]) > 75 or not re.fullmatch(r"https?://\S{1,2990}", element["url"]):
                return "invalid_blocks: button"
    return None


class Slack:
    """Of the case that runs: what it was told, what it refused, and how it is to answer first."""

    def __init__(self):
        slack = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                slack.look()
                status, words, *pause = slack.answers.pop(0) if slack.answers else (200, b"ok")
                if status is None:
                    self.wfile.write(words)
                    return
                if status == 200 and (fault := refused(body)):
                    slack.refused.append(fault)
                    status, words = 400, fault.encode()
                if status == 200:
                    slack.messages.append(body)
                self.send_response(status)
                if pause:
                    self.send_header("Retry-After", pause[0])
                self.end_headers()
                self.wfile.write(words)

            def log_message(self, *_):
                pass

        self.begin([])
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}/services/T0/B0/{WEBHOOK}"

    def begin(self, answers):
        self.answers, self.messages, self.refused, self.arguments = list(answers), [], [], ""

    def look(self):
        """Notes the arguments of all processes."""
        for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                self.arguments += path.read_bytes().decode(errors="replace")


def read(changed, path):
    return changed.get(path) or (ROOT / path).read_text()


def workspace(folder, behaviour, changed):
    """The scripts as they are, but for what is changed, and stand-ins for what they call."""
    (folder / "scripts").mkdir(parents=True)
    for name in ("ci", "ci-log", "ci-tell", "lib.sh"):
        script = folder / "scripts" / name
        script.write_text(read(changed, f"scripts/{name}"))
        script.chmod(0o755)
    (folder / "prints.py").write_text(PRINTS)
    for name, stages in {"test": ["test"], "images": ["images", "push"], "deploy": ["deploy"]}.items():
        lines = ["#!/bin/bash", "stage=${0##*/}; [[ ${1:-} != push ]] || stage=push", "python3 -IS prints.py >&2"]
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
        "a plugin is missing",
        {},
        main,
        "FAILURE",
        1,
        f"{header} checkout",
        ("No such DSL method",),
        {"unknown": "checkout"},
    )
    yield Case(
        "git is away", {}, main, "FAILURE", 1, f"{header} checkout", ("Could not read from remote",), {"git_away": True}
    )
    yield Case(UNTOLD, {}, main, "FAILURE", 1, None, (), {"git_away": True, "new": True})
    yield Case(NO_AGENT, {}, main, "ABORTED", 0, None, (), {"no_agent": True, "seconds": "1"})
    yield Case(
        "Slack asks to wait", {}, "other", "SUCCESS", 3, "passed", (), {"answers": [(429, b"", "1"), (500, b"")]}
    )
    date = "Sat, 28 Nov 2026 09:00:00 GMT"
    answers = [(429, b"", date), (503, b"", "-5")]
    yield Case("Slack asks to wait until a date", {}, "other", "SUCCESS", 3, "passed", (), {"answers": answers})
    answers = [(None, b"220 mail.example ready\r\n")]
    yield Case("what answers speaks no HTTP", {}, "other", "SUCCESS", 3, "passed", (), {"answers": answers})
    for name, text in {
        "has a blank": f"http://127.0.0.1:1/services/{WEBHOOK} {WEBHOOK}",
        "is two lines": f"http://127.0.0.1:1/services/{WEBHOOK}\nhttp://127.0.0.1:1/{WEBHOOK}\n",
        "is none": f"http://127.0.0.1:{WEBHOOK}/",
    }.items():
        yield Case(f"the webhook's address {name}", {}, "other", "SUCCESS", 3, None, (), {"slack": text})
    answers = [(404, f"Cannot POST /services/T0/B0/{WEBHOOK}".encode())]
    yield Case("a proxy's page has the address", {}, "other", "SUCCESS", 3, None, (), {"answers": answers})
    yield Case("a branch that calls everybody", {}, "<!channel>", "SUCCESS", 3, "passed", ())
    yield Case("Jenkins has no address", {}, "other", "SUCCESS", 3, "passed", (), {"link": None})
    yield Case(
        "Slack is away",
        {"test": "fails"},
        main,
        "FAILURE",
        2,
        None,
        (),
        {"slack": f"http://127.0.0.1:1/{WEBHOOK}"},
    )
    yield Case("Slack knows no such webhook", {}, "other", "SUCCESS", 3, None, (), {"answers": [(404, b"no_service")]})
    yield Case("nobody has the webhook", {}, "other", "SUCCESS", 3, None, (), {"without": "slack-webhook"})


def prepare(place, case, slack, changed):
    place.mkdir()
    if case.change.get("new"):
        (place / "workspace").mkdir()
    else:
        workspace(place / "workspace", case.behaviour, changed)
    (place / "Jenkinsfile").write_text(read(changed, "Jenkinsfile"))
    held = {}
    (place / "credentials").mkdir()
    for name, text in {**SECRETS, "slack-webhook": case.change.get("slack", slack.address)}.items():
        if name != case.change.get("without"):
            (place / "credentials" / name).write_text(text)
            held[name] = str(place / "credentials" / name)
    return {
        "name": case.name,
        "jenkinsfile": str(place / "Jenkinsfile"),
        "workspace": str(place / "workspace"),
        "console": str(place / "console"),
        "credentials": held,
        "git_away": case.change.get("git_away", False),
        "no_agent": case.change.get("no_agent", False),
        "unknown": case.change.get("unknown"),
        "env": {
            "BRANCH_NAME": case.branch,
            "JOB_NAME": f"hanip/{case.branch}",
            "BUILD_NUMBER": "7",
            **({"BUILD_URL": LINK} if case.change.get("link", LINK) else {}),
            "REGISTRY": "r.example/hanip",
            "CI_SECONDS": case.change.get("seconds", "120"),
            "TELL_PAUSE": "0.05",
        },
    }


def faults(case, place, became, slack):
    """What is wrong with how a case ended."""
    console = (place / "console").read_text()
    if became["result"] != case.result:
        yield f"the result is {became['result']}: {console[-2000:]}"
    if became["stages"] != STAGES[: case.stages]:
        yield f"the stages were {became['stages']}"
    if any(len(line) > 4200 for line in console.splitlines()):
        yield "a line of the console is too long"
    for path in became["left"]:
        yield f"a file of a secret is left: {path}"
    yield from leaks(place, console, slack)
    for path in (place / "workspace/target/run").glob("*.log"):
        has = set(re.findall(r"^(\w+_FILE|COSIGN_KEY|KUBECONFIG) ", path.read_text(), re.MULTILINE))
        for name in sorted(has - GIVEN.get(path.stem, set())):
            yield f"{path.stem} has {name}"
    for words in slack.refused:
        yield f"Slack refused a message: {words}"
    if case.outcome is None:
        if slack.messages or "Slack was not told" not in console:
            yield f"the log does not say that nobody was told: {console[-500:]}"
    elif len(slack.messages) != 1:
        yield f"{len(slack.messages)} messages: {console[-2000:]}"
    else:
        yield from misunderstandings(case, slack.messages[0]["blocks"])


def leaks(place, console, slack):
    noted = place / "arguments"
    places = {
        "the console": console,
        "the message": json.dumps(slack.messages, ensure_ascii=False),
        "the arguments of a process": slack.arguments + (noted.read_text(errors="replace") if noted.exists() else ""),
    }
    for path in (place / "workspace").rglob("*"):
        if path.is_file() and ".git" not in path.parts:
            places[str(path.relative_to(place))] = path.read_text(errors="replace")
    for where, text in places.items():
        for secret in HIDDEN:
            if secret in text:
                yield f"a secret is in {where}: {secret}"


def misunderstandings(case, blocks):
    header = blocks[0]["text"]["text"]
    if f"hanip/{case.branch} #7 {case.outcome}" not in header:
        yield f"the header is {header}"
    text = "\n".join(block.get("text", {}).get("text", "") for block in blocks)
    for words in case.words:
        if words not in text:
            yield f"the message lacks {words}: {text}"
    for words in ("of an earlier run", "\x1b"):
        if words in text:
            yield f"the message has what is {words}: {text}"
    link = case.change.get("link", LINK)
    if blocks[-1].get("elements", [{}])[0].get("url") != (link and f"{link}console"):
        yield "no link to the log"


def logged():
    """What the file of a secret has, what a program prints, and what of it the log shows."""
    secret = "it's <a>/b+c&d? é~>>>"
    data, long = secret.encode(), base64.b64encode(OWN.encode() * 15).decode()
    for printed, shown in {
        secret: "****",
        json.dumps(secret): '"****"',
        json.dumps(secret, ensure_ascii=False): '"****"',
        '"it\'s \\u003ca\\u003e/b+c\\u0026d? é~\\u003e\\u003e\\u003e"': '"****"',
        "?a=it%27s%20%3Ca%3E%2Fb%2Bc%26d%3F%20%C3%A9~%3E%3E%3E": "?a=****",
        "?a=it%27s%20%3ca%3e%2fb%2bc%26d%3f%20%c3%a9~%3e%3e%3e": "?a=****",
        "/it%27s%20%3Ca%3E/b%2Bc%26d%3F%20%C3%A9~%3E%3E%3E": "/****",
        "?a=it%27s+%3Ca%3E%2Fb%2Bc%26d%3F+%C3%A9~%3E%3E%3E": "?a=****",
        "<p>it&#x27;s &lt;a&gt;/b+c&amp;d? é~&gt;&gt;&gt;</p>": "<p>****</p>",
        "<p>it's &lt;a&gt;/b+c&amp;d? é~&gt;&gt;&gt;</p>": "<p>****</p>",
        "<p>it&#39;s &lt;a&gt;/b+c&amp;d? é~&gt;&gt;&gt;</p>": "<p>****</p>",
        "+ a 'it'\"'\"'s <a>/b+c&d? é~>>>'": "+ a '****'",
        "+ a 'it'\\''s <a>/b+c&d? é~>>>'": "+ a '****'",
        "it\\'s\\ \\<a\\>/b+c\\&d\\?\\ é~\\>\\>\\>": "****",
        "$'it\\'s <a>/b+c&d? \\303\\251~>>>'": "$'****'",
        data.hex(): "****",
        data.hex().upper(): "****",
        base64.b64encode(data).decode(): "****==",
        base64.urlsafe_b64encode(data).decode(): "****==",
        base64.b64encode(b"a:" + data + b"-").decode(): "YTp****LQ==",
        base64.b64encode(b"me:" + data + b"-").decode(): "bWU6****i0=",
        base64.b64encode(b"bot:" + data + b"-").decode(): "Ym90Om****4t",
    }.items():
        yield secret, printed, shown
    # As base64, openssl base64 and xxd -p write a file.
    for text, length, expected in (
        (base64.b64encode(f"{long}\n".encode()).decode(), 76, "****\n****\n****="),
        (base64.b64encode(f"{long}\n".encode()).decode(), 64, "****\n****\n****\n****="),
        (f"{long}\n".encode().hex(), 60, "\n".join(["****"] * 6)),
    ):
        wrapped = "\n".join(text[at : at + length] for at in range(0, len(text), length))
        yield f"{long}\n", wrapped, expected
    yield f"users: [{{name: ada-lovelace, user: {{token: {TOKEN}}}}}]", f"{TOKEN} ada-lovelace", "**** ada-lovelace"
    yield f"  - token: {TOKEN} # mine", TOKEN, "****"
    yield f"password:{TOKEN}", TOKEN, "****"
    yield f'password: "{TOKEN}\\"x"', f'{TOKEN}"x', "****"
    yield f"    server: https://me:{TOKEN}@r.example", f"https://me:{TOKEN}@r.example", "https://me:****@r.example"
    opens = "clusters:\n- cluster:\n    server: https://r.example:6443\ncontexts:\n"
    yield opens, "clusters: contexts: https://r.example:6443", "clusters: contexts: https://r.example:6443"
    sign_in = json.dumps({"auths": {"r.example": {"username": "AWS", "password": TOKEN}}})
    yield sign_in, base64.b64encode(f"AWS:{TOKEN}--".encode()).decode(), re.compile(r"QVdTOm\*{4}.{1,6}")
    # What is read of a line ends in the middle of a secret.
    yield long, long * 2000, re.compile(r"(\*{4})+ \.\.\.")


def unmasked():
    """What scripts/ci-log does not mask as it is to, or masks though it is no secret."""
    for text, printed, shown in logged():
        with tempfile.NamedTemporaryFile("w", prefix="hanip-ci.", dir="/tmp") as secret:
            secret.write(text)
            secret.flush()
            command, environment = [ROOT / "scripts/ci-log", "/dev/null"], {**os.environ, "SECRET_FILES": secret.name}
            became = subprocess.run(
                command, check=True, input=f"{printed}\n", stdout=subprocess.PIPE, text=True, env=environment
            ).stdout.rstrip("\n")
        if not (shown.fullmatch(became) if isinstance(shown, re.Pattern) else became == shown):
            yield f"of {text[:80]} the log shows, where {printed[:80]} is printed: {became[-200:]}"


class Jenkins:
    def __init__(self, jar, folder):
        command = ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", jar, "groovy.ui.GroovyMain"]
        environment = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
        self.process = subprocess.Popen(
            [*command, HERE / "jenkins.groovy", HERE / "Steps.groovy"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**environment, "LC_ALL": "C.UTF-8"},
        )
        self.folder, self.slack, self.runs = folder, Slack(), 0

    def run(self, case, changed=None):
        """The faults of a case, with these texts in the place of those that are committed."""
        self.runs += 1
        place = self.folder / str(self.runs)
        self.slack.begin(case.change.get("answers", []))
        self.process.stdin.write(json.dumps(prepare(place, case, self.slack, changed or {})) + "\n")
        self.process.stdin.flush()
        became = self.process.stdout.readline()
        assert became, "the Jenkinsfile does not run"
        return list(faults(case, place, json.loads(became), self.slack))

    def end(self):
        self.process.stdin.close()
        assert self.process.wait() == 0


def main(jar):
    began, wrong = time.monotonic(), list(unmasked())
    with tempfile.TemporaryDirectory(prefix="hanip-ci.", dir="/tmp") as made:
        jenkins = Jenkins(jar, pathlib.Path(made))
        ways = {case.name: case for case in cases()}
        for case in ways.values():
            wrong += [f"{case.name}: {fault}" for fault in jenkins.run(case)]
        for name, path, there, instead, shown_by, expected in MISTAKES:
            text = (ROOT / path).read_text()
            assert text.count(there) == 1, (name, path, there)
            found = jenkins.run(ways[shown_by], {path: text.replace(there, instead)})
            if not any(expected in fault for fault in found):
                wrong.append(f"{name} is not found, but: {found}")
        jenkins.end()
    if wrong:
        raise SystemExit("\n".join(wrong))
    print(
        f"The Jenkinsfile ends rightly in {len(ways)} ways, and {len(MISTAKES)} mistakes are found,",
        f"in {time.monotonic() - began:.0f} s",
    )


main(sys.argv[1])
