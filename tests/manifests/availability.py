"""Rules for what has to be there while nodes, pods and versions come and go."""

from render import OPERATOR, name, of_kind, pods, services


def check(things):
    for autoscaler in of_kind(things, "HorizontalPodAutoscaler", "autoscaling"):
        yield from autoscaled(things, autoscaler)
    for budget in of_kind(things, "PodDisruptionBudget", "policy"):
        yield from budgeted(things, budget)
    yield from reached(things)
    yield from after_the_migration(things)
    yield from backed_up(things)
    guarded = [thing["metadata"].get("labels", {}) for thing in of_kind(things, "Namespace")]
    if [labels.get("pod-security.kubernetes.io/enforce") for labels in guarded] != ["restricted"]:
        yield "security context", "Namespace hanip: expected pod-security.kubernetes.io/enforce: restricted"


def autoscaled(things, autoscaler):
    spec = autoscaler["spec"]
    target = spec["scaleTargetRef"]
    targets = [thing for thing in things if name(thing) == f"{target['kind']} {target['name']}"]
    if not targets:
        yield "replicas", f"{name(autoscaler)}: there is no {target['kind']} {target['name']}"
    for thing in targets:
        if "replicas" in thing["spec"]:
            yield "replicas", f"{name(thing)}: expected none: each deploy would undo what {name(autoscaler)} did"
        yield from spread(thing)
    if not 2 <= spec.get("minReplicas", 1) < spec["maxReplicas"]:
        yield "replicas", f"{name(autoscaler)}: expected two at least, and room for more"
    if any(metric.get("resource", {}).get("target", {}).get("type") != "AverageValue" for metric in spec["metrics"]):
        yield "replicas", f"{name(autoscaler)}: expected an amount, AverageValue: pods request so little"


def spread(thing):
    template = thing["spec"]["template"]
    nodes = [
        part["labelSelector"].get("matchLabels")
        for part in template["spec"].get("topologySpreadConstraints", [])
        if part["topologyKey"] == "kubernetes.io/hostname"
    ]
    if template["metadata"]["labels"] not in nodes:
        yield "replicas", f"{name(thing)}: expected topologySpreadConstraints: one node would have all"


def budgeted(things, budget):
    """A budget is of something, and lets a drain take one."""
    wanted = budget["spec"]["selector"]["matchLabels"].items()
    selected = {thing["metadata"]["name"] for thing, labels, _ in pods(things) if wanted <= labels.items()}
    if not selected:
        yield "disruption", f"{name(budget)}: it is of no pod"
    for autoscaler in of_kind(things, "HorizontalPodAutoscaler", "autoscaling"):
        least, spec = budget["spec"].get("minAvailable", 0), autoscaler["spec"]
        if spec["scaleTargetRef"]["name"] in selected and least >= spec.get("minReplicas", 1):
            yield "disruption", f"{name(budget)}: minAvailable: expected less than minReplicas: no drain would end"


def reached(things):
    """A plain Service leads to pods."""
    running = [labels for _, labels, _ in pods(things)]
    # The operator makes the pods of its Services.
    operated = of_kind(things, "MariaDB", OPERATOR)
    for service in of_kind(things, "Service"):
        wanted = service["spec"].get("selector", {}).items()
        if not operated and not any(wanted <= labels.items() for labels in running):
            yield "reference", f"{name(service)}: it leads to no pod"


def after_the_migration(things):
    """What needs the schema comes after the migration: scripts/deploy goes by this label."""
    clients = [thing for thing, labels, _ in pods(things) if labels.get("hanip/database") == "client"]
    late = [thing for thing in clients if thing in services(things)]
    late += [
        thing for thing in of_kind(things, "Deployment", "apps") if thing["metadata"]["name"] in ("edge", "figures")
    ]
    for thing in late:
        if thing["metadata"].get("labels", {}).get("hanip/after") != "migrate":
            yield "order", f"{name(thing)}: expected the label hanip/after: migrate"


def backed_up(things):
    jobs = {thing["metadata"]["name"]: thing for thing in of_kind(things, "CronJob", "batch")}
    if backup := jobs.get("backup"):
        [container] = backup["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
        days = {variable["name"]: variable.get("value") for variable in container["env"]}.get("KEEP_DAYS", "")
        if not days.isdecimal() or int(days) < 1:
            yield "backup", "CronJob backup: KEEP_DAYS: expected a number of days: none would be kept"
        if backup["spec"].get("suspend") or len(backup["spec"]["schedule"].split()) != 5:
            yield "backup", "CronJob backup: expected five fields of a schedule, and not suspended"
    if (restore := jobs.get("restore")) and restore["spec"].get("suspend") is not True:
        yield "backup", "CronJob restore: expected suspend: true: it would undo a year by itself"
