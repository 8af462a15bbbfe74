"""Makes a Helm chart of the rendered overlay `production`: make.py RENDERED VERSION FOLDER

Each object becomes one template. What differs from one installation to another becomes a value, and nothing else.
"""

import json
import pathlib
import re
import shutil
import sys

import yaml

HERE = pathlib.Path(__file__).resolve().parent
IMAGE = re.compile(r"[^ ]+/([a-z]+)@sha256:[0-9a-f]{64}")
# kustomize ends the name of the settings with a hash of them, so that a change makes new revisions. So does the chart.
SETTINGS = re.compile(r"settings-[0-9a-z]{10}")
HASHED = 'settings-{{ dict "origin" .Values.origin "settings" .Values.settings | toJson | sha256sum | trunc 10 }}'
# A setting that is a secret is named by a file, of a Secret, alone.
SECRET = "(PASSWORD|SECRET|TOKEN|PRIVATE_KEY|DATABASE_URL)$"
# What step 6 of ../README.md lists besides: images that this chart has no use for.
OTHERS = ["figures", "standalone", "mariadb", "mariadb-operator"]
DATA = """data:
  PUBLIC_ORIGIN: {{ .Values.origin | quote }}
  {{- range $key, $value := .Values.settings }}
  {{ $key }}: {{ $value | quote }}
  {{- end }}
"""
# Host names and NetworkPolicies have the namespace `hanip` in them, so the chart is installed nowhere else.
NAMESPACE = """{{- if ne .Release.Namespace "hanip" }}
{{- fail "expected --namespace hanip: its Services and NetworkPolicies name it" }}
{{- end }}
"""
# The schema comes before the functions that need it, and a Job can't be changed, only made anew.
HOOK = {
    "helm.sh/hook": "pre-install,pre-upgrade",
    "helm.sh/hook-delete-policy": "before-hook-creation",
}


def template(thing):
    thing = json.loads(json.dumps(thing))
    if thing["metadata"]["name"] == "migrate" and thing["kind"] in ("Job", "ServiceAccount"):
        weight = {"ServiceAccount": "-1", "Job": "0"}[thing["kind"]]
        thing["metadata"].setdefault("annotations", {}).update(HOOK, **{"helm.sh/hook-weight": weight})
    settings = thing["kind"] == "ConfigMap" and SETTINGS.fullmatch(thing["metadata"]["name"])
    if settings:
        del thing["data"]
    balanced = thing["kind"] == "Service" and thing["spec"].get("type") == "LoadBalancer"
    if balanced:
        thing["metadata"]["annotations"] = "ANNOTATIONS"
    text = yaml.safe_dump(thing, allow_unicode=True, width=10**6).replace("{{", '{{ "{{" }}')
    text = IMAGE.sub(lambda found: image(found[1]), text)
    text = SETTINGS.sub(HASHED, text)
    if balanced:
        text = text.replace("annotations: ANNOTATIONS", "annotations: {{ .Values.loadBalancer.annotations | toJson }}")
    return text + (DATA if settings else "")


def image(name):
    expected = f"{name}: the digest of this image, which scripts/images push prints"
    return f'{{{{ .Values.registry }}}}/{name}@{{{{ required "{expected}" .Values.digests.{name} }}}}'


def images(things):
    return sorted(set(IMAGE.findall(yaml.safe_dump(things, width=10**6))))


def schema(names):
    """What the values may be."""
    text = {"type": "string"}
    digests = {name: text | {"pattern": "^sha256:[0-9a-f]{64}$"} for name in [*names, *OTHERS]}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            # Set by Helm itself.
            "global": {"type": "object"},
            "origin": text | {"pattern": "^https://[a-z0-9.-]+(:[0-9]+)?$"},
            "registry": text | {"pattern": "^[a-z0-9.:-]+(/[a-z0-9._-]+)*$"},
            "digests": {"type": "object", "properties": digests, "additionalProperties": False},
            "settings": {
                "type": "object",
                "propertyNames": {"pattern": "^[A-Z][A-Z0-9_]*$", "not": {"pattern": f"^PUBLIC_ORIGIN$|{SECRET}"}},
                "additionalProperties": text,
            },
            "loadBalancer": {
                "type": "object",
                "additionalProperties": False,
                "properties": {"annotations": {"type": "object", "additionalProperties": text}},
            },
        },
        "required": ["origin", "registry", "digests"],
    }


def main(rendered, version, folder):
    things = [thing for thing in yaml.safe_load_all(pathlib.Path(rendered).read_text()) if thing]
    folder = pathlib.Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "templates").mkdir(parents=True)
    chart = (HERE / "Chart.yaml").read_text()
    (folder / "Chart.yaml").write_text(re.sub(r"^version: .*", f"version: {version}", chart, flags=re.MULTILINE))
    shutil.copy(HERE / "values.yaml", folder)
    (folder / "values.schema.json").write_text(json.dumps(schema(images(things)), indent=2) + "\n")
    (folder / "templates/namespace.yaml").write_text(NAMESPACE)
    for thing in things:
        # Its Secrets are made in it before, so it is there before Helm comes.
        if thing["kind"] != "Namespace":
            name = f"{thing['kind'].lower()}-{SETTINGS.sub('settings', thing['metadata']['name'])}.yaml"
            (folder / "templates" / name).write_text(template(thing))


if __name__ == "__main__":
    main(*sys.argv[1:])
