"""Whether each object is what the cluster knows: no unknown field, kind, annotation, or key."""

import functools
import json
import re

import jsonschema
import kubernetes_validate
from render import name

# The oldest Kubernetes that the Knative we name runs on.
KUBERNETES = "1.34"
# Kinds whose definitions are in knative/schemas.
CUSTOM = ("knative.dev", "metallb.io", "k8s.mariadb.com", "monitoring.coreos.com")
SECONDS = r"\d+(\.\d+)?(ms|s|m|h)"
# Annotations and labels that Knative knows, and what each may say. A misspelt one is accepted by the cluster in silence.
KNOWN = {
    "autoscaling.knative.dev/activation-scale": r"\d+",
    "autoscaling.knative.dev/class": r"(kpa|hpa)\.autoscaling\.knative\.dev",
    "autoscaling.knative.dev/initial-scale": r"\d+",
    "autoscaling.knative.dev/max-scale": r"\d+",
    "autoscaling.knative.dev/metric": r"concurrency|rps|cpu|memory",
    "autoscaling.knative.dev/metric-aggregation-algorithm": r"linear|weightedExponential",
    "autoscaling.knative.dev/min-scale": r"\d+",
    "autoscaling.knative.dev/panic-threshold-percentage": r"\d+(\.\d+)?",
    "autoscaling.knative.dev/panic-window-percentage": r"\d+(\.\d+)?",
    "autoscaling.knative.dev/scale-down-delay": SECONDS,
    "autoscaling.knative.dev/scale-to-zero-pod-retention-period": SECONDS,
    "autoscaling.knative.dev/target": r"\d+(\.\d+)?",
    "autoscaling.knative.dev/target-burst-capacity": r"-1|\d+(\.\d+)?",
    "autoscaling.knative.dev/target-utilization-percentage": r"\d+(\.\d+)?",
    "autoscaling.knative.dev/window": SECONDS,
    "networking.knative.dev/visibility": r"cluster-local",
    "serving.knative.dev/rollout-duration": SECONDS,
    "serving.knative.dev/progress-deadline": SECONDS,
}


def check(root, things):
    for thing in things:
        yield from ((rule, f"{name(thing)}: {words}") for rule, words in check_one(root, thing))


def check_one(root, thing):
    group = thing["apiVersion"].rpartition("/")[0]
    if group.endswith(CUSTOM):
        yield from (("schema", words) for words in custom(root, json.dumps(thing)))
    elif words := built_in(json.dumps(thing)):
        yield "schema", words
    if thing["kind"] == "ConfigMap" and thing["metadata"].get("namespace", "").startswith("knative-"):
        yield from configmap(root, thing)
    yield from annotations(thing)


@functools.cache
def built_in(thing):
    """What kubernetes-validate finds. It takes its time: an object that it has seen is not shown again."""
    try:
        kubernetes_validate.validate(json.loads(thing), KUBERNETES, strict=True)
    except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
        return error.message
    return None


@functools.cache
def custom(root, thing):
    thing = json.loads(thing)
    file = root / "knative/schemas" / f"{thing['apiVersion'].replace('/', '_')}_{thing['kind']}.json"
    if not file.exists():
        return [f"no {file.name} in knative/schemas"]
    errors = jsonschema.Draft202012Validator(json.loads(file.read_text())).iter_errors(thing)
    return [f"{error.json_path}: {error.message}" for error in errors]


def configmap(root, thing):
    known = json.loads((root / "knative/schemas/configmaps.json").read_text()).get(thing["metadata"]["name"])
    if known is None:
        yield "configmap key", "Knative has no ConfigMap of this name"
        return
    for key in thing["data"]:
        if key not in known:
            yield "configmap key", f"{key}: Knative knows no such key"
    # As Knative's webhook has it: the default of a pod's limit has to be within the limit of limits.
    limit, default = (int(thing["data"].get(key, 0)) for key in ("max-scale-limit", "max-scale"))
    if limit and not 1 <= default <= limit:
        yield "configmap value", f"max-scale: expected 1 to {limit}, the max-scale-limit, not {default}"


def annotations(thing):
    """Of the object and of its pods' template."""
    places = [thing["metadata"], thing.get("spec", {}).get("template", {}).get("metadata", {})]
    for place in places:
        for key, value in {**place.get("labels", {}), **place.get("annotations", {})}.items():
            if "knative.dev/" not in key or key == "serving.knative.dev/service":
                continue
            if key not in KNOWN:
                yield "annotation", f"{key}: Knative knows no such annotation"
            elif not matches(KNOWN[key], value):
                yield "annotation", f"{key}: expected {KNOWN[key]}"


def matches(pattern, value):
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None
