"""Rules for whatever runs: how it is confined, probed, scaled and ended, and what it is told."""

import re

from render import granted, name, of_kind, pods, services

DIGEST = re.compile(r"[^@]+@sha256:[0-9a-f]{64}")
# What each container is to say of itself. seccompProfile and the user may be said for the whole pod.
CONFINED = {
    "runAsNonRoot": True,
    "readOnlyRootFilesystem": True,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
SECRET = re.compile(r"PASSWORD|SECRET|DATABASE_URL|TOKEN")
# All are told of these, and one reads them.
READERS = {"OAUTH": "auth", "OIDC": "auth", "VAPID": "reminders"}
# A provider that is known by a name of its own.
PROVIDER = re.compile(r"OIDC_[A-Z0-9_]+_(ISSUER|CLIENT_ID|CLIENT_SECRET|NAME|SCOPES)(_FILE)?")


def check(root, things):
    known = settings(root)
    for thing, _, pod in pods(things):
        for rule, words in [*pod_rules(things, pod), *environment(things, thing, pod, known)]:
            yield rule, f"{name(thing)}: {words}"
    for service in services(things):
        for rule, words in knative_rules(service):
            yield rule, f"{name(service)}: {words}"


def pod_rules(things, pod):
    if pod.get("automountServiceAccountToken") is not False:
        yield "service account", "automountServiceAccountToken: expected false"
    account = pod.get("serviceAccountName")
    accounts = {thing["metadata"]["name"]: thing for thing in of_kind(things, "ServiceAccount")}
    if account not in accounts:
        yield "service account", f"there is no ServiceAccount {account}"
    elif accounts[account].get("automountServiceAccountToken") is not False:
        yield "service account", f"ServiceAccount {account}: automountServiceAccountToken: expected false"
    for container in pod["containers"]:
        image = container["image"]
        if not DIGEST.fullmatch(image):
            yield "image", f"{image}: expected a digest, not a tag"
        context = {**pod.get("securityContext", {}), **container.get("securityContext", {})}
        for key, value in CONFINED.items():
            if context.get(key) != value:
                yield "security context", f"{key}: expected {value}"
        if not context.get("runAsUser"):
            yield "security context", "runAsUser: expected a number other than 0"
        resources = container.get("resources", {})
        if not {"cpu", "memory"} <= set(resources.get("requests", {})) or "memory" not in resources.get("limits", {}):
            yield "resources", "expected requests of cpu and memory, and a limit of memory"


def environment(things, thing, pod, known):
    """Secrets come from a Secret, as a file or a variable; what is told is something that somebody reads."""
    for container in pod["containers"]:
        ours = container["image"].rpartition("@")[0].rpartition("/")[2] != "mariadb"
        told = {variable["name"]: variable for variable in container.get("env", [])}
        for source in container.get("envFrom", []):
            of = source.get("configMapRef", {}).get("name")
            maps = [thing for thing in of_kind(things, "ConfigMap") if thing["metadata"]["name"] == of]
            told |= {key: {"value": value} for thing in maps for key, value in thing["data"].items()}
        for setting, variable in told.items():
            hidden = setting.endswith("_FILE") or "secretKeyRef" in variable.get("valueFrom", {})
            if SECRET.search(setting) and setting != "PASSWORDS_DIR" and not hidden:
                yield "secret", f"{setting}: expected a secretKeyRef, or a file, {setting}_FILE"
            if ours and not (setting.removesuffix("_FILE") in known or PROVIDER.fullmatch(setting)):
                yield "setting", f"{setting}: no setting of ours is called so"
        mounts = tuple(mount["mountPath"] + "/" for mount in container.get("volumeMounts", []))
        for setting, variable in told.items():
            reads = READERS.get(setting.partition("_")[0], thing["metadata"]["name"]) == thing["metadata"]["name"]
            if setting.endswith("_FILE") and reads and not variable.get("value", "").startswith(mounts):
                yield "setting", f"{setting}: {variable.get('value')} is in no volume"


def settings(root):
    """The names in the tables of docs/settings.md."""
    names = set(re.findall(r"`([A-Z][A-Z_]+?)(?:_FILE)?`", (root / "docs/settings.md").read_text()))
    # Rows that speak for several.
    for provider in ("KAKAO", "NAVER", "GITHUB"):
        names |= {setting.replace("GOOGLE", provider) for setting in names if setting.startswith("OAUTH_GOOGLE_")}
    return names | {f"{function.upper()}_PASSWORD" for function in granted(root)}


def knative_rules(service):
    labels = service["metadata"].get("labels", {})
    if labels.get("networking.knative.dev/visibility") != "cluster-local":
        yield "visibility", "expected cluster-local: only the edge is public"
    template = service["spec"]["template"]
    pod = template["spec"]
    limit = template.get("metadata", {}).get("annotations", {}).get("autoscaling.knative.dev/max-scale", "0")
    if limit == "0":
        yield "scale", "expected max-scale: there would be no limit"
    if not pod.get("containerConcurrency"):
        yield "scale", "expected containerConcurrency: there would be no limit"
    # Knative's drain takes 30 s, ours 25; the pod is killed after this time.
    if not 60 <= pod.get("timeoutSeconds", 0) <= 600:
        yield "timeout", "timeoutSeconds: expected 60 to 600"
    [container] = pod["containers"]
    probe = container.get("readinessProbe", {})
    if probe.get("httpGet", {}).get("path") != "/healthz":
        yield "probe", "readinessProbe: expected /healthz, which asks no database"
    if slower := set(probe) - {"httpGet"}:
        yield "probe", f"{', '.join(sorted(slower))}: Knative's own probe is quicker without"
    if "cpu" not in container.get("resources", {}).get("limits", {}):
        yield "resources", "expected a limit of cpu"
