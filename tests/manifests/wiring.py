"""Rules for how the parts fit: every name leads somewhere, and events arrive."""

import re

from render import name, of_kind, pods

EVENTING = "eventing.knative.dev"
SOURCES = "sources.knative.dev"

# What wakes each of these functions, in UTC: zones differ by quarters of an hour, and reminders are by five minutes.
SCHEDULES = {"tick": "*/15 * * * *", "reminders": "*/5 * * * *"}
MILESTONE = "hanip.milestone.reached"


def check(things, secrets):
    yield from references(things, secrets)
    yield from events(things)


def references(things, secrets):
    """ConfigMaps, volumes, variables, and Secrets, which scripts/secrets or a person makes."""
    maps = {thing["metadata"]["name"] for thing in of_kind(things, "ConfigMap")}
    claims = {thing["metadata"]["name"] for thing in of_kind(things, "PersistentVolumeClaim")}
    for thing, _, pod in pods(things):
        for volume in pod.get("volumes", []):
            sources = [volume, *volume.get("projected", {}).get("sources", [])]
            for source in sources:
                secret = source.get("secret", {})
                secret = secret.get("secretName", secret.get("name"))
                if secret and secret not in secrets:
                    yield "reference", f"{name(thing)}: nobody makes the Secret {secret}"
                if "configMap" in source and source["configMap"]["name"] not in maps:
                    yield "reference", f"{name(thing)}: there is no ConfigMap {source['configMap']['name']}"
                if "persistentVolumeClaim" in source and source["persistentVolumeClaim"]["claimName"] not in claims:
                    yield "reference", f"{name(thing)}: there is no such PersistentVolumeClaim"
        for container in pod["containers"]:
            for variable in container.get("env", []):
                secret = variable.get("valueFrom", {}).get("secretKeyRef", {}).get("name")
                if secret and secret not in secrets:
                    yield "reference", f"{name(thing)}: nobody makes the Secret {secret}"
            for source in container.get("envFrom", []):
                if source["configMapRef"]["name"] not in maps:
                    yield "reference", f"{name(thing)}: there is no ConfigMap {source['configMapRef']['name']}"
    there = {(thing["apiVersion"], thing["kind"], thing["metadata"]["name"]) for thing in things}
    for thing in things:
        if thing["apiVersion"].startswith((EVENTING, SOURCES)):
            for ref in refs(thing.get("spec", {})):
                if (ref["apiVersion"], ref["kind"], ref["name"]) not in there:
                    yield "reference", f"{name(thing)}: there is no {ref['kind']} {ref['name']}"


def refs(node):
    if isinstance(node, list):
        node = dict(enumerate(node))
    if isinstance(node, dict):
        if {"apiVersion", "kind", "name"} <= set(node):
            yield node
        for value in node.values():
            yield from refs(value)


def events(things):
    brokers = {thing["metadata"]["name"] for thing in of_kind(things, "Broker", EVENTING)}
    triggers = of_kind(things, "Trigger", EVENTING)
    for trigger in triggers:
        spec = trigger["spec"]
        if spec.get("broker") not in brokers:
            yield "reference", f"{name(trigger)}: there is no Broker {spec.get('broker')}"
        delivery = spec.get("delivery", {})
        if (
            not delivery.get("retry")
            or delivery.get("backoffPolicy") != "exponential"
            or "backoffDelay" not in delivery
        ):
            yield "delivery", f"{name(trigger)}: expected retry, backoffPolicy exponential, backoffDelay"
        if "deadLetterSink" not in delivery:
            yield "delivery", f"{name(trigger)}: expected deadLetterSink"
        if not spec.get("filter", {}).get("attributes"):
            yield "delivery", f"{name(trigger)}: expected a filter: it would get every event"
    sources = {source["metadata"]["name"]: source for source in of_kind(things, "PingSource", SOURCES)}
    for function, schedule in SCHEDULES.items():
        if function not in sources:
            yield "schedule", f"there is no PingSource {function}: nothing would wake {function}"
            continue
        source = sources[function]
        spec = source["spec"]
        # Without a schedule it would fire every minute.
        if spec.get("schedule") != schedule or spec.get("timezone", "UTC") != "UTC":
            yield "schedule", f"{name(source)}: expected {schedule} in UTC"
        if spec["sink"].get("ref", {}).get("kind") != "Broker":
            yield "delivery", f"{name(source)}: expected a Broker as its sink: a PingSource gives up after seconds"
        path = f"/apis/v1/namespaces/{source['metadata']['namespace']}/pingsources/{function}"
        if function not in heard(triggers, {"type": "dev.knative.sources.ping", "source": path}):
            yield "delivery", f"{name(source)}: no Trigger takes it to {function}"
    if "reminders" not in heard(triggers, {"type": MILESTONE}):
        yield "delivery", f"expected a Trigger that takes {MILESTONE} to reminders"
    bound = [thing["spec"]["subject"]["name"] for thing in of_kind(things, "SinkBinding", SOURCES)]
    if bound != ["tick"]:
        yield "delivery", "expected a SinkBinding of the tick: milestones would be told to nobody"


def heard(triggers, attributes):
    """Which services get the events that have just these attributes."""
    specs = [trigger["spec"] for trigger in triggers]
    return [
        spec["subscriber"]["ref"]["name"] for spec in specs if spec.get("filter", {}).get("attributes") == attributes
    ]


def routes(configuration):
    """Prefix and function of each route of the edge."""
    found = re.findall(r"location ~ \^(/api/\w+)\(/\|\$\) \{\s+set \$function (\w+);", configuration)
    return dict(found)
