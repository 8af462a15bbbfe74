"""Knative, its gateway, names and metrics, in the files that a release has: of the modules, with images that are here."""

import json
import pathlib
import re
import subprocess

import images
import yaml
from kubernetes import DNS

# The folders of each file of a release, in the module that has them.
FILES = {
    "serving": {"serving-core": ["config/core"]},
    "eventing": {
        "eventing-core": ["config/core", "third_party/eventing-integrations-latest"],
        "in-memory-channel": ["config/channels/in-memory-channel"],
        "mt-channel-broker": ["config/brokers/mt-channel-broker"],
    },
}
# The programs of images, by the names in the modules.
PROGRAMS = {
    "knative.dev/serving/cmd/queue": "serving-queue",
    "knative.dev/serving/cmd/activator": "serving-activator",
    "knative.dev/serving/cmd/autoscaler": "serving-autoscaler",
    "knative.dev/serving/cmd/controller": "serving-controller",
    "knative.dev/serving/cmd/webhook": "serving-webhook",
    "knative.dev/eventing/cmd/controller": "eventing-controller",
    "knative.dev/eventing/cmd/webhook": "eventing-webhook",
    "knative.dev/eventing/cmd/mtping": "eventing-mtping",
    "knative.dev/eventing/cmd/mtchannel_broker": "eventing-mtchannel_broker",
    "knative.dev/eventing/cmd/broker/ingress": "eventing-ingress",
    "knative.dev/eventing/cmd/broker/filter": "eventing-filter",
    "knative.dev/eventing/cmd/in_memory/channel_controller": "eventing-channel_controller",
    "knative.dev/eventing/cmd/in_memory/channel_dispatcher": "eventing-channel_dispatcher",
}
# Parts of Eventing that Hanip does not use, and what only they start.
LEFT_OUT = ("job-sink", "request-reply")
GATEWAY = pathlib.Path(__file__).parent / "kourier.yaml"
NAMES = pathlib.Path(__file__).parent / "names.yaml"


def release(sources, folder, programs):
    """Writes the files into FOLDER."""
    made = {
        f"ko://{name}": images.program(f"knative/{program}", programs / program) for name, program in PROGRAMS.items()
    }
    for part, files in FILES.items():
        kinds = []
        for file, places in files.items():
            things = [thing for place in places for thing in read(sources[part] / place)]
            if part == "serving":
                things += read(sources["networking"] / "config") + read(sources["caching"] / "config")
            kinds += [thing for thing in things if thing["kind"] == "CustomResourceDefinition"]
            write(folder / f"{file}.yaml", [with_images(thing, made) for thing in things if wanted(thing)])
        write(folder / f"{part}-crds.yaml", kinds)
    gateway = images.program("knative/gateway", programs / "gateway")
    (folder / "kourier.yaml").write_text(GATEWAY.read_text().replace("IMAGE", gateway))


def read(folder):
    things = []
    for path in sorted(folder.rglob("*.yaml")):
        things += [thing for thing in yaml.safe_load_all(path.read_text()) if thing]
    # As a release has them: namespaces first, then by the numbers in the files' names.
    return sorted(things, key=lambda thing: thing["kind"] != "Namespace")


def wanted(thing):
    # Numbers of pods follow load in a cluster that has machines for them.
    if thing["kind"] == "HorizontalPodAutoscaler":
        return False
    return not (thing["kind"] in ("Deployment", "StatefulSet") and thing["metadata"]["name"] in LEFT_OUT)


def with_images(thing, made):
    text = re.sub(
        r"ko://[\w./-]+", lambda name: made.get(name[0], name[0].replace("ko://", "missing/")), json.dumps(thing)
    )
    return json.loads(text)


def write(path, things):
    path.write_text("\n".join(json.dumps(thing) for thing in things))


def names(programs):
    """CoreDNS in the place and with the labels that it has in every cluster."""
    image = images.program("names", programs / "names")
    return NAMES.read_text().replace("IMAGE", image).replace("ADDRESS", DNS)


def metrics_server(source, programs):
    image = images.program("metrics-server", programs / "metrics-server")
    rendered = subprocess.run(
        ["kubectl", "kustomize", source / "manifests/base"], capture_output=True, text=True, check=True
    )
    things = list(yaml.safe_load_all(rendered.stdout))
    for thing in things:
        if thing["kind"] == "Deployment":
            container = thing["spec"]["template"]["spec"]["containers"][0]
            container["image"] = image
            # The nodes' certificates are their own.
            container["args"].append("--kubelet-insecure-tls")
            container["command"] = ["/program"]
    return "\n".join(json.dumps(thing) for thing in things)
