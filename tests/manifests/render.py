"""The manifests as a cluster gets them."""

import subprocess

import yaml

# The group of what mariadb-operator makes databases of.
OPERATOR = "k8s.mariadb.com"
# Stands in the place of what only a registry knows.
DIGEST = "sha256:" + "0" * 64


class Loader(yaml.CSafeLoader):
    """Refuses a key that comes twice, of which the cluster would take the last."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if twice := {str(key) for key in keys if keys.count(key) > 1}:
            raise yaml.YAMLError(f"written twice: {', '.join(twice)}")
        return super().construct_mapping(node, deep)


Loader.add_constructor("tag:yaml.org,2002:map", lambda loader, node: loader.construct_mapping(node, deep=True))


def load(text):
    return [thing for thing in yaml.load_all(text, Loader) if thing]


def overlays(root):
    return sorted(path.parent for path in root.glob("knative/overlays/*/kustomization.yaml"))


def platform(root):
    """How Knative itself is set up: whole objects, and patches, which are parts of objects."""
    return [thing for path in sorted(root.glob("knative/platform/**/*.yaml")) for thing in load(path.read_text())]


def granted(root):
    """The functions that migrations/grants.txt gives rights in the database."""
    lines = (root / "migrations/grants.txt").read_text().splitlines()
    return {line.split()[0] for line in lines if line[:1].isalpha()}


def settings(overlay):
    lines = (overlay / "settings.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def render(folder):
    """The objects of an overlay, or the words of what stands in the way."""
    made = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True, check=False)
    if made.returncode:
        return [], made.stderr.strip()
    try:
        return load(made.stdout), None
    except yaml.YAMLError as error:
        return [], str(error)


def name(thing):
    return f"{thing['kind']} {thing['metadata']['name']}"


def of_kind(things, kind, group=""):
    return [thing for thing in things if thing["kind"] == kind and thing["apiVersion"].rpartition("/")[0] == group]


def services(things):
    """What Knative serves."""
    return of_kind(things, "Service", "serving.knative.dev")


def pods(things):
    """Whatever runs: the object, the labels of its pods, and their specification."""
    for thing in things:
        spec = thing.get("spec", {})
        if thing["kind"] == "CronJob":
            spec = spec["jobTemplate"]["spec"]
        template = spec.get("template") if isinstance(spec, dict) else None
        if template:
            labels = dict(template.get("metadata", {}).get("labels", {}))
            if thing in services(things):
                labels["serving.knative.dev/service"] = thing["metadata"]["name"]
            yield thing, labels, template["spec"]
