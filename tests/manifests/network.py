"""Rules for the network: who may come to whom is said here once more, so that no policy opens more, or less, unseen."""

import ipaddress

from render import OPERATOR, name, of_kind, pods, services

# Where each policy lets its pods go to, beside the database. Others let them go nowhere.
OUT = {
    "dns": {"kube-system k8s-app=kube-dns:53/UDP", "kube-system k8s-app=kube-dns:53"},
    "edge": {"kourier-system app=3scale-kourier-gateway:8081"},
    "auth": {"the internet:443"},
    "reminders": {"the internet:443"},
    "tick": {"knative-eventing eventing.knative.dev/brokerRole=ingress:8080"},
    "to-prometheus": {"monitoring app.kubernetes.io/name=prometheus:9090"},
}
KNATIVE = {"kourier-system app=3scale-kourier-gateway", "knative-serving app in activator, autoscaler"}
# Who each policy lets in. Others let in nobody.
IN = {
    "edge": {"anybody:http"},
    "from-knative": {f"{peer}:{port}" for peer in KNATIVE for port in (8012, 8013, 9090)},
    "mariadb": {"hanip hanip/database=client:3306"},
    "figures": {"monitoring app.kubernetes.io/name=prometheus:http"},
}
GATEWAY = {
    "hanip app.kubernetes.io/name=edge:8081",
    "knative-eventing all:8081",
    "knative-serving all:every port",
}
DATABASE = "hanip app.kubernetes.io/name=mariadb:3306"
PRIVATE = ["10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"]
# A database outside the cluster is in one of these.
DATABASE_OUTSIDE = {f"{network}:3306" for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")}
# Amazon's agent for roles of pods; with it, its other services on the internet.
AGENT = "169.254.170.23/32:80"
# How large a network may be that somebody names for an installation of their own: a provider's, say.
NAMED = 16


def check(things):
    yield from closed(things)
    yield from open_ways(things)


def closed(things):
    """Everything is denied first, and each pod has a policy; to the database there is a way, and it lets in."""
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
        for peer in rule.get("from", [])
        if "podSelector" in peer
    )


def open_ways(things):
    """No policy opens a way that is not said above, or lacks one that is."""
    policies = {
        policy["metadata"]["name"]: policy
        for policy in of_kind(things, "NetworkPolicy", "networking.k8s.io")
        if policy["metadata"]["namespace"] == "hanip"
    }
    for missing in {"dns", "edge", "from-knative"} - set(policies):
        yield "network policy", f"there is no NetworkPolicy {missing}"
    operated = bool(of_kind(things, "MariaDB", OPERATOR))
    for policy in policies.values():
        own, notes = policy["metadata"]["name"], policy["metadata"]
        out, into = ways(policy, "egress"), ways(policy, "ingress")
        allowed = OUT.get(own, set()) | {way for way in out if is_named(way)}
        if notes.get("labels", {}).get("hanip/database") == "client":
            allowed |= {DATABASE} | DATABASE_OUTSIDE
        if AGENT in out:
            allowed |= {"the internet:443"}
        lets_in = IN.get(own, set())
        if own == "mariadb" and operated:
            # The servers copy from each other, and ask the API server, whose address no policy can know.
            servers = DATABASE.rpartition(":")[0]
            allowed |= {DATABASE, "anybody:443", "anybody:6443"}
            lets_in = lets_in | {f"{servers}:3306", *(f"mariadb-operator all:{port}" for port in (3306, 5555, 5566))}
        if "hanip/for-pods-of" in notes.get("annotations", {}):
            lets_in = into
        for way in sorted(out - allowed):
            yield "network policy", f"{name(policy)}: it lets out to {way}"
        for way in sorted(into - lets_in):
            yield "network policy", f"{name(policy)}: it lets in {way}"
        for way in sorted((OUT.get(own, set()) - out) | (lets_in - into)):
            yield "network policy", f"{name(policy)}: expected a way: {way}"


def gateway(things):
    """Nobody comes past the edge to a function."""
    found = [ways(policy, "ingress") for policy in of_kind(things, "NetworkPolicy", "networking.k8s.io")]
    if found != [GATEWAY]:
        yield "network policy", f"the gateway lets in {found}: expected {sorted(GATEWAY)}"
    kinds = [
        thing["spec"].get("type") for thing in of_kind(things, "Service") if thing["metadata"]["name"] == "kourier"
    ]
    if kinds != ["ClusterIP"]:
        yield "network policy", "Service kourier: expected ClusterIP: the edge alone is public"


def ways(policy, direction):
    """Each way that a policy opens, as `peer:port`."""
    peers = {"egress": "to", "ingress": "from"}[direction]
    return {
        f"{peer}:{port}"
        for rule in policy["spec"].get(direction, [])
        for peer in ([said(policy, peer) for peer in rule.get(peers, [])] or ["anybody"])
        for port in ([numbered(port) for port in rule.get("ports", [])] or ["every port"])
    }


def numbered(port):
    kind = port.get("protocol", "TCP")
    return f"{port.get('port', 'every port')}" + ("" if kind == "TCP" else f"/{kind}")


def said(policy, peer):
    if block := peer.get("ipBlock"):
        everything = block["cidr"] == "0.0.0.0/0" and sorted(block.get("except", [])) == PRIVATE
        return "the internet" if everything else block["cidr"]
    namespace = peer.get("namespaceSelector")
    of = policy["metadata"]["namespace"] if namespace is None else labels(namespace).rpartition("=")[2]
    return f"{of} {labels(peer.get('podSelector', {}))}"


def labels(selector):
    parts = [f"{key}={value}" for key, value in selector.get("matchLabels", {}).items()]
    parts += [
        f"{part['key']} {part['operator'].lower()} {', '.join(part.get('values', []))}".strip()
        for part in selector.get("matchExpressions", [])
    ]
    return " and ".join(parts) or "all"


def is_named(way):
    """Whether a way leads to a network that is small enough to be somebody's own."""
    try:
        return ipaddress.ip_network(way.rpartition(":")[0]).prefixlen >= NAMED
    except ValueError:
        return False
