"""Rules for how the parts fit: every name leads somewhere, events arrive, the network lets through what it must."""

import re

from render import name, of_kind, pods, services

EVENTING = "eventing.knative.dev"
SOURCES = "sources.knative.dev"
OPERATOR = "k8s.mariadb.com"


# What wakes a function, where it is not every quarter of an hour.
SCHEDULES = {"reminders": "*/5 * * * *"}


def check(things, secrets):
    yield from references(things, secrets)
    yield from events(things)
    yield from network(things)


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
    ticks = of_kind(things, "PingSource", SOURCES)
    if not ticks:
        yield "schedule", "there is no PingSource: nothing would wake the tick"
    for tick in ticks:
        spec = tick["spec"]
        # Without a schedule it would fire every minute.
        # Zones differ by quarters of an hour; reminders go by minutes.
        schedule = SCHEDULES.get(tick["metadata"]["name"], "*/15 * * * *")
        if spec.get("schedule") != schedule or spec.get("timezone", "UTC") != "UTC":
            yield "schedule", f"{name(tick)}: expected {schedule} in UTC"
        if spec["sink"].get("ref", {}).get("kind") != "Broker":
            yield "delivery", f"{name(tick)}: expected a Broker as its sink: a PingSource gives up after seconds"
        source = f"/apis/v1/namespaces/{tick['metadata']['namespace']}/pingsources/{tick['metadata']['name']}"
        heard = [trigger["spec"].get("filter", {}).get("attributes", {}) for trigger in triggers]
        if {"type": "dev.knative.sources.ping", "source": source} not in heard:
            yield "delivery", f"{name(tick)}: no Trigger hears it"
    bound = [thing["spec"]["subject"]["name"] for thing in of_kind(things, "SinkBinding", SOURCES)]
    if bound != ["tick"]:
        yield "delivery", "expected a SinkBinding of the tick: milestones would be told to nobody"


def network(things):
    policies = of_kind(things, "NetworkPolicy", "networking.k8s.io")
    if not any(
        policy["spec"].get("podSelector") == {}
        and set(policy["spec"]["policyTypes"]) == {"Ingress", "Egress"}
        and not policy["spec"].get("ingress")
        and not policy["spec"].get("egress")
        for policy in policies
    ):
        yield "network policy", "expected one that denies everything to everyone"
    served = {service["metadata"]["name"] for service in services(things)}
    for thing, labels, pod in pods(things):
        own = [policy for policy in policies if policy["spec"]["podSelector"] and selects(policy, labels)]
        if not own:
            yield "network policy", f"{name(thing)}: expected one of its own"
        if thing["metadata"]["name"] in served and not any(policy["spec"].get("ingress") for policy in own):
            yield "network policy", f"{name(thing)}: nothing may come in"
        asks = any(
            "DATABASE_URL" in item["name"] for container in pod["containers"] for item in container.get("env", [])
        )
        if asks and not any(reaches_database(policy) for policy in own):
            yield "network policy", f"{name(thing)}: it has no way to the database"
        if asks and not database_lets_in(things, policies, labels):
            yield "network policy", f"{name(thing)}: the database does not let it in"


def selects(policy, labels):
    return selected(policy["spec"]["podSelector"], labels)


def selected(selector, labels):
    said = {"In": lambda key, values: labels.get(key) in values, "Exists": lambda key, _: key in labels}
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()) and all(
        said[part["operator"]](part["key"], part.get("values")) for part in selector.get("matchExpressions", [])
    )


def reaches_database(policy):
    return any({"port": 3306} in rule.get("ports", []) for rule in policy["spec"].get("egress", []))


def database_lets_in(things, policies, labels):
    """Whether a policy of this version lets them in. A database that is not in the cluster is not ours to ask."""
    database = [others for thing, others, _ in pods(things) if thing["kind"] == "StatefulSet"]
    # The labels that mariadb-operator gives its pods.
    database += [{"app.kubernetes.io/name": "mariadb"} for _ in of_kind(things, "MariaDB", OPERATOR)]
    return not database or any(
        selected(peer["podSelector"], labels)
        for policy in policies
        if "hanip/for-pods-of" not in policy["metadata"].get("annotations", {})
        and policy["spec"]["podSelector"]
        and selects(policy, database[0])
        for rule in policy["spec"].get("ingress", [])
        for peer in rule["from"]
        if "podSelector" in peer
    )


def routes(configuration):
    """Prefix and function of each route of the edge."""
    found = re.findall(r"location ~ \^(/api/\w+)\(/\|\$\) \{\s+set \$function (\w+);", configuration)
    return dict(found)
