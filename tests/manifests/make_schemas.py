"""Makes knative/schemas anew from releases of Knative, MetalLB, mariadb-operator and prometheus-operator; its README says how.

usage: make_schemas.py SERVING NETWORKING EVENTING METALLB OPERATOR PROMETHEUS   (folders of their sources)
"""

import json
import pathlib
import sys

import yaml

HERE = pathlib.Path(__file__).resolve().parents[2] / "knative" / "schemas"
# Words for people, and what only the server needs.
LEFT_OUT = {"description", "default", "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type"}


def trimmed(node):
    """A schema that checks what is written, and no status; unknown fields are refused wherever some are known."""
    if isinstance(node, list):
        return [trimmed(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {}
    for key, value in node.items():
        if key == "properties":
            kept[key] = {name: trimmed(schema) for name, schema in value.items() if name != "status"}
            kept["additionalProperties"] = False
        elif key == "x-kubernetes-int-or-string":
            kept["type"] = ["integer", "string"]
        elif key not in LEFT_OUT and not key.startswith("x-"):
            kept[key] = trimmed(value)
    return kept


def schema(crd):
    version = next(version for version in crd["spec"]["versions"] if version["storage"])
    made = trimmed(version["schema"]["openAPIV3Schema"])
    made["properties"] |= {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}}
    delivery = made["properties"].get("spec", {}).get("properties", {}).get("delivery")
    if delivery:  # on by default, yet not in the definition: the feature `delivery-timeout`
        delivery["properties"]["timeout"] = {"type": "string"}
    return f"{crd['spec']['group']}_{version['name']}_{crd['spec']['names']['kind']}", made


def main(serving, networking, eventing, metallb, operator, prometheus):
    crds = [
        serving / "config/core/300-resources/service.yaml",
        eventing / "config/core/resources/broker.yaml",
        eventing / "config/core/resources/trigger.yaml",
        eventing / "config/core/resources/pingsource.yaml",
        eventing / "config/core/resources/sinkbindings.yaml",
        metallb / "config/crd/bases/metallb.io_ipaddresspools.yaml",
        metallb / "config/crd/bases/metallb.io_l2advertisements.yaml",
        operator / "config/crd/bases/k8s.mariadb.com_mariadbs.yaml",
        operator / "config/crd/bases/k8s.mariadb.com_databases.yaml",
        operator / "config/crd/bases/k8s.mariadb.com_users.yaml",
        operator / "config/crd/bases/k8s.mariadb.com_grants.yaml",
        operator / "config/crd/bases/k8s.mariadb.com_physicalbackups.yaml",
        prometheus / "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
        prometheus / "example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml",
    ]
    for path in crds:
        name, made = schema(yaml.safe_load(path.read_text()))
        (HERE / f"{name}.json").write_text(json.dumps(made, separators=(",", ":")) + "\n")
    configmaps = [
        networking / "config/config-network.yaml",
        *sorted((serving / "config/core/configmaps").glob("*.yaml")),
    ]
    # The gateway is no part of these; of its settings this is the one that is set here.
    keys = {"config-kourier": ["enable-service-access-logging"]}
    for path in configmaps:
        configmap = yaml.safe_load(path.read_text())
        keys[configmap["metadata"]["name"]] = sorted(yaml.safe_load(configmap["data"].get("_example", "")) or [])
    (HERE / "configmaps.json").write_text(json.dumps(keys, indent=1) + "\n")


main(*map(pathlib.Path, sys.argv[1:]))
