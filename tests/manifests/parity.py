"""Rules across the workspace: each function is built, run, reached, and let in; the database bears them all."""

import re
import subprocess

import yaml
from render import granted, name, of_kind, pods, services
from wiring import routes

# Woken by events alone: no path of the edge's leads there.
HIDDEN = {"tick", "figures"}
# Always on, and in a component: no Service of Knative, and not in every overlay.
ALWAYS_ON = {"figures"}


def check(root, things, configuration):
    crates = {path.parts[-3] for path in root.glob("functions/*/src/main.rs")} - {"standalone"}
    yield from everywhere(root, things, crates)
    yield from paths(root, configuration, crates)
    yield from budget(root, things)


def everywhere(root, things, crates):
    built = subprocess.run(
        ["bash", "-c", "source scripts/lib.sh && functions"], cwd=root, capture_output=True, text=True, check=True
    )
    let_in = granted(root)
    [job] = of_kind(things, "Job", "batch")
    told = {item["name"] for item in job["spec"]["template"]["spec"]["containers"][0]["env"]}
    for function in sorted(let_in):
        if not {"PASSWORDS_DIR", "FUNCTIONS_IAM", f"{function.upper()}_PASSWORD_FILE"} & told:
            yield "function", f"{function}: the migration has no password for it"
    served = {service["metadata"]["name"]: service for service in services(things)}
    for crate in sorted(crates):
        if crate not in built.stdout.split():
            yield "function", f"{crate}: scripts/images makes no image of it"
        if crate not in let_in:
            yield "function", f"{crate}: migrations/grants.txt lets it into no table"
        own = {"serving.knative.dev/service": crate}
        if crate in ALWAYS_ON:
            own = {"app.kubernetes.io/name": crate}
            deployed = [thing for thing in of_kind(things, "Deployment", "apps") if thing["metadata"]["name"] == crate]
            if not deployed:
                continue
            served[crate] = deployed[0]
            if deployed[0]["spec"].get("strategy", {}).get("type") != "Recreate":
                yield "function", f"{crate}: expected the strategy Recreate: the budget of connections counts it once"
        elif crate not in served:
            yield "function", f"{crate}: there is no Service of Knative for it"
            continue
        pod = served[crate]["spec"]["template"]["spec"]
        if image(pod) != crate:
            yield "function", f"{crate}: its Service runs {image(pod)}"
        if pod.get("serviceAccountName") != crate:
            yield "function", f"{crate}: expected a ServiceAccount of its own"
        policies = of_kind(things, "NetworkPolicy", "networking.k8s.io")
        if not any(policy["spec"]["podSelector"].get("matchLabels") == own for policy in policies):
            yield "function", f"{crate}: expected a NetworkPolicy of its own"
    for service in set(served) - crates:
        if image(served[service]["spec"]["template"]["spec"]) != "web":
            yield "function", f"{service}: there is no such function"


def image(pod):
    return pod["containers"][0]["image"].partition("@")[0].rpartition("/")[2]


def paths(root, configuration, crates):
    listed = re.findall(r'api\("(\w+)", "(/api/\w+)"', (root / "common/src/functions.rs").read_text())
    listed = {prefix: function for function, prefix in listed}
    if routes(configuration) != listed:
        yield "path", f"the edge has {routes(configuration)}, the list {listed}"
    if set(listed.values()) != crates - HIDDEN:
        yield "path", f"functions {sorted(crates - HIDDEN)}, the list {sorted(listed.values())}"
    if "Host $function.hanip.svc.cluster.local;" not in configuration:
        yield "path", "the edge asks for Services in another namespace"


def budget(root, things):
    """Two revisions overlap while one replaces the other; a fifth is left for people, migrations and backups."""
    text = (root / "common/src/db/pool.rs").read_text()
    pool = int(re.search(r"\.max_connections\(if is_lambda \{ \d+ \} else \{ (\d+) \}\)", text).group(1))
    allowed = None
    for thing in things:
        spec = thing.get("spec", {})
        args = spec.get("template", {}).get("spec", {}).get("containers", [{}])[0].get("args", [])
        found = (
            re.search(r"--max-connections=(\d+)", " ".join(args))
            or re.search(r"(?m)^max_connections=(\d+)$", spec.get("myCnf", ""))
            or re.fullmatch(r"(\d+)", thing["metadata"].get("annotations", {}).get("hanip/max-connections", ""))
        )
        allowed = int(found.group(1)) if found else allowed
    if allowed is None:
        yield (
            "budget",
            "expected --max-connections, max_connections in myCnf, or the annotation hanip/max-connections on the Namespace",
        )
        return
    # What is replaced by ending it first is there once.
    always_on = sum(
        thing["spec"]["replicas"]
        for thing in of_kind(things, "Deployment", "apps")
        if thing["metadata"]["name"] in ALWAYS_ON and thing["spec"].get("strategy", {}).get("type") == "Recreate"
    )
    pods_at_most = 0
    for service in services(things):
        template = service["spec"]["template"]
        if any("DATABASE_URL" in item["name"] for item in template["spec"]["containers"][0].get("env", [])):
            limit = template.get("metadata", {}).get("annotations", {}).get("autoscaling.knative.dev/max-scale", "0")
            pods_at_most += int(limit) if limit.isdigit() else 0
    worst = (pods_at_most * 2 + always_on) * pool
    if worst >= allowed * 0.8:
        yield (
            "budget",
            f"{pods_at_most} pods × {pool} connections × 2 revisions, {always_on} always on: {worst} of {allowed * 0.8:g}",
        )


class AnyTag(yaml.CSafeLoader):
    """Reads files of other programs too, which have tags of their own."""


AnyTag.add_multi_constructor("!", lambda *_: None)


def tracked_secrets(root):
    """No Secret with anything in it is in the repository."""
    for path in sorted(root.rglob("*.y*ml")):
        try:
            documents = list(yaml.load_all(path.read_text(), AnyTag))
        except yaml.YAMLError as error:
            yield "secret", f"{path.relative_to(root)}: can't be read: {error}"
            continue
        for thing in documents:
            if not isinstance(thing, dict):
                continue
            if thing.get("kind") == "Secret" and (thing.get("data") or thing.get("stringData")):
                yield "secret", f"{path.relative_to(root)}: a Secret with data is in the repository"
            if thing.get("secretGenerator"):
                yield "secret", f"{path.relative_to(root)}: a secretGenerator takes its data from the repository"


def documents(root):
    """What the operations page names is there."""
    page = re.sub(r"https?://\S+", "", (root / "knative/README.md").read_text())
    named = set(re.findall(r"\b((?:knative|functions|migrations|tests)/[\w./*-]*\w)", page))
    named |= {
        f"knative/{path}" for path in re.findall(r"`((?:base|components|overlays|platform|schemas)/?[\w./-]*)`", page)
    }
    for path in sorted(named):
        if not any(root.glob(path)):
            yield "document", f"knative/README.md: there is no {path}"


def keys(root, things, made):
    """Every file or key that a setting names is in a Secret that scripts/secrets makes. Who signs in where is a person's to say."""
    passwords = {f"{function}-password" for function in granted(root)}
    for thing, _, pod in pods(things):
        held = set()
        for volume in pod.get("volumes", []):
            for source in [volume, *volume.get("projected", {}).get("sources", [])]:
                secret = source.get("secret", {})
                whole = made.get(secret.get("secretName", secret.get("name")), set())
                held |= whole & {item["key"] for item in secret["items"]} if "items" in secret else whole
        if "restore.cnf" in held and thing["metadata"]["name"] != "restore":
            yield "secret", f"{name(thing)}: restore.cnf: its user may change all, and only the restore needs it"
        for container in pod["containers"]:
            for item in container.get("env", []):
                if item["name"] == "PASSWORDS_DIR":
                    for key in sorted(passwords - held):
                        yield "secret", f"{name(thing)}: no Secret has the key {key}"
                    continue
                ref = item.get("valueFrom", {}).get("secretKeyRef", {"optional": True})
                if not ref.get("optional") and ref["key"] not in made.get(ref["name"], set()):
                    yield "secret", f"{name(thing)}: {item['name']}: no Secret has the key {ref['key']}"
                key = item.get("value", "").removeprefix("/secrets/")
                if item.get("value", "").startswith("/secrets/") and key not in held:
                    yield "secret", f"{name(thing)}: {item['name']}: no Secret has the key {key}"
