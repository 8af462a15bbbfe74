"""Applies every overlay and knative/platform to a real API server with Knative's webhooks:
admission.py ROOT PART=FOLDER…

ROOT is a copy of the repository, with what scripts/deploy writes into each overlay; PART=FOLDER names the sources of a
module of Knative. Then it plants mistakes that only the real programs find, and sees that each is refused.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

from api_server import ApiServer, Refused, as_text
from render import load, name, overlays, pods, render

AUTOSCALER = "knative/platform/patches/config-autoscaler.yaml"
FOODS = "knative/base/functions/foods.yaml"
EDGE = "knative/base/edge/edge.yaml"
TICK = "knative/base/events/tick.yaml"
MOST, LEAST = 'autoscaling.knative.dev/max-scale: "2"', 'autoscaling.knative.dev/min-scale: "9"'
TO_BROKER = "  sink:\n    ref: {apiVersion: eventing.knative.dev/v1, kind: Broker, name: default}\n"
TO_TICK = "  subscriber:\n    ref: {apiVersion: serving.knative.dev/v1, kind: Service, name: tick}\n"
# What is done wrong, where, what is there, what stands there instead, and what the server says.
MISTAKES = [
    ("a limit of limits without a default", AUTOSCALER, '  max-scale: "10"\n', "", "max-scale = 0, must be in [1"),
    ("an unknown field of Knative", FOODS, "containerConcurrency", "containerConcurency", "unknown field"),
    ("an unknown field of Kubernetes", EDGE, "maxSkew: 1", "maxSkews: 1", "unknown field"),
    ("a kind of an old version", EDGE, "autoscaling/v2\n", "autoscaling/v2beta2\n", "no matches for kind"),
    (
        "more pods at least than at most",
        FOODS,
        MOST,
        f"{LEAST}\n        {MOST}",
        "max-scale=2 is less than min-scale=9",
    ),
    ("a number in words", FOODS, 'max-scale: "2"', 'max-scale: "two"', "autoscaling.knative.dev/max-scale"),
    ("a Trigger to nowhere", TICK, TO_TICK, "  subscriber: {}\n", "expected at least one, got none: spec.subscriber"),
    ("a source to nowhere", TICK, TO_BROKER, "  sink: {}\n", "expected at least one, got none: spec.sink"),
    ("a schedule that is none", TICK, "*/15 * * * *", "*/15 * * *", "invalid value"),
    ("a delay that is none", TICK, "backoffDelay: PT5S", "backoffDelay: 5s", "invalid value: 5s: spec.delivery"),
    ("an amount of memory that is none", EDGE, "memory: 64Mi", "memory: 64MiB", "quantities must match"),
    ("a container that may do more", EDGE, "Escalation: false", "Escalation: true", "would violate PodSecurity"),
    ("a volume that is not there", EDGE, "- name: scratch", "- name: scratches", "volumeMounts[1].name: Not found"),
]
# Fields of a Revision's specification that are none of a pod's.
OF_REVISIONS = ("containerConcurrency", "timeoutSeconds", "responseStartTimeoutSeconds", "idleTimeoutSeconds")
# How a cluster is before Hanip comes: namespaces of others, and what no module has (Kourier is served nowhere as one).
OTHERS = """
apiVersion: v1
kind: Namespace
metadata: {name: metallb-system}
---
apiVersion: v1
kind: Namespace
metadata: {name: kourier-system}
---
apiVersion: v1
kind: Namespace
metadata: {name: monitoring}
---
apiVersion: v1
kind: Service
metadata: {name: kourier, namespace: kourier-system}
spec: {type: LoadBalancer, selector: {app: 3scale-kourier-gateway}, ports: [{name: http2, port: 80}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: config-kourier, namespace: knative-serving}
"""


def main(root, *modules):
    root, began = pathlib.Path(root), time.monotonic()
    sources = {part: pathlib.Path(folder) for part, _, folder in (module.partition("=") for module in modules)}
    with (
        tempfile.TemporaryDirectory(prefix="hanip-admission.", dir="/tmp") as folder,
        ApiServer(sources, pathlib.Path(folder)) as server,
    ):
        said = f"API server and webhooks are ready after {time.monotonic() - began:.0f} s"
        server.apply(load(OTHERS))
        server.apply([definition(path) for path in sorted(root.glob("knative/schemas/*.json")) if foreign(path)])
        # First, since a patch changes nothing of what a right one has set.
        missed = list(missed_mistakes(server, root))
        refused = [*refusals(server, root), *lost_secrets(server, root)]
    for words in [*refused, *missed]:
        print(words, file=sys.stderr)
    print(f"{said}; mistakes refused: {len(MISTAKES) - len(missed)} of {len(MISTAKES)}")
    return bool(refused or missed)


def lost_secrets(server, root):
    """What the page's command for a new function takes from those that came before, and from a function that has a Secret."""
    page = (root / "knative/README.md").read_text()
    [command] = re.findall(r"^scripts/secrets badges \| (kubectl .*) -f -", page, re.MULTILINE)

    def make(function):
        secrets = subprocess.run(
            [root / "scripts/secrets", function], capture_output=True, text=True, check=True
        ).stdout
        # The time that the page's command names the manager by is another one each time.
        options = command.replace('"$(date +%s)"', str(time.monotonic_ns())).split()[1:]
        server.kubectl(*options, "--filename=-", given=secrets)

    def kept():
        return json.loads(server.kubectl("--namespace=hanip", "get", "secret", "migrate", "reminders", "--output=json"))

    make("reminders")
    make("figures")
    before = [secret["data"] for secret in kept()["items"]]
    if set(before[0]) != {"reminders-password", "figures-password"}:
        yield f"Secret migrate: expected the passwords of both new functions, found {sorted(before[0])}"
    try:
        make("reminders")
        yield "a Secret that is there is made anew"
    except Refused:
        pass
    if [secret["data"] for secret in kept()["items"]] != before:
        yield "the Secrets of a function that has some are changed"


def foreign(path):
    """Whether it is the schema of a kind that is neither Kubernetes's nor Knative's."""
    return path.name.startswith(("metallb.io_", "k8s.mariadb.com_", "monitoring.coreos.com_"))


def definition(path):
    """The definition of a kind, made of its schema, since its own program is not served as a module."""
    group, version, kind = path.stem.split("_")
    plural = f"{kind.lower()}s"
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural},
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": structural(json.loads(path.read_text()))},
                }
            ],
        },
    }


def structural(node):
    """A JSON schema as Kubernetes wants it: closed without saying so, and its own word for a number or a text."""
    if isinstance(node, list):
        return [structural(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {key: structural(value) for key, value in node.items() if (key, value) != ("additionalProperties", False)}
    if made.get("type") == ["integer", "string"]:
        del made["type"]
        made["x-kubernetes-int-or-string"] = True
    return made


def refusals(server, root):
    """What the server does not take, or only with a warning, of all that there is."""
    for path in patches(root):
        yield from refusal(path.name, patch, server, path)
    for path in sorted(root.glob("knative/platform/*.yaml")):
        yield from refusal(path.name, server.apply, load(path.read_text()))
    for overlay in overlays(root):
        things = rendered(overlay)
        if words := list(refusal(overlay.name, server.apply, things)):
            yield from words
            continue
        for thing, pod in taken_pods(server, things):
            yield from refusal(f"{overlay.name}: a pod of {name(thing)}", server.apply, [pod], "--dry-run=server")
        # The next overlay has other objects of the same names.
        passing = [thing for thing in things if thing["kind"] != "Namespace"]
        server.kubectl("delete", "--wait=false", "--filename=-", given=as_text(passing))


def taken_pods(server, things):
    """The pods that would run, with the defaults that Knative's webhook has given to those of its Services."""
    taken = json.loads(server.kubectl("get", "--output=json", "--filename=-", given=as_text(things)))["items"]
    for thing, labels, spec in pods(taken):
        of_pod = {key: value for key, value in spec.items() if key not in OF_REVISIONS}
        for container in of_pod["containers"]:
            container.setdefault("name", "user-container")
        for claim in thing["spec"].get("volumeClaimTemplates", []):
            of_pod.setdefault("volumes", []).append({"name": claim["metadata"]["name"], "emptyDir": {}})
        metadata = {"name": "pod", "namespace": thing["metadata"]["namespace"], "labels": labels}
        yield thing, {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": of_pod}


def patches(root):
    return sorted(root.glob("knative/platform/patches/*.yaml"))


def patch(server, path, *options):
    """As knative/README.md does it."""
    server.kubectl("patch", "--type=merge", f"--filename={path}", f"--patch-file={path}", *options)


def rendered(overlay):
    things, words = render(overlay)
    assert not words, words
    return things


def refusal(what, act, *arguments):
    try:
        act(*arguments)
    except Refused as refused:
        yield f"{what}: {refused}"


def missed_mistakes(server, root):
    overlay = root / "knative/overlays/vagrant"
    right = rendered(overlay)
    server.apply([thing for thing in right if thing["kind"] == "Namespace"])
    for what, file, there, instead, expected in MISTAKES:
        path = root / file
        before = path.read_text()
        assert there in before, f"{file} does not hold {there!r}"
        path.write_text(before.replace(there, instead, 1))
        if path in patches(root):
            said = refusal(what, patch, server, path, "--dry-run=server")
        else:
            changed = [thing for thing in rendered(overlay) if thing not in right]
            said = refusal(what, server.apply, changed, "--dry-run=server")
        said = " ".join(said)
        path.write_text(before)
        if expected not in said:
            yield f"{what}: expected to be refused with {expected!r}, but: {said or 'it is taken'}"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
