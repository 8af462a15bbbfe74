"""Whether Helm makes of the chart what kustomize makes of the overlay `production`: chart.py RENDERED CHART SETTINGS PAGE IMAGE…

The digests are what the command of the PAGE makes of a list of all images that are pushed.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml
from render import load, name, of_kind

ZEROS = "sha256:" + "0" * 64
# Values that the chart is to refuse, and a word of what it says.
NONSENSE = [
    ({"origin": "hanip.example.com"}, "origin"),
    ({"origin": "http://hanip.example.com"}, "origin"),
    ({"registry": ""}, "registry"),
    ({"digests": {"foods": "latest"}}, "digests"),
    ({"digests": {"food": ZEROS}}, "food"),
    ({"digests": {}}, "the digest of this image"),
    ({"settings": {"log": "info"}}, "log"),
    ({"settings": {"PUBLIC_ORIGIN": "https://other.example.com"}}, "PUBLIC_ORIGIN"),
    ({"settings": {"OAUTH_GITHUB_CLIENT_SECRET": "hunter2"}}, "OAUTH_GITHUB_CLIENT_SECRET"),
    ({"settings": {"DATABASE_URL": "mysql://a:b@c/d"}}, "DATABASE_URL"),
    ({"orgin": "https://hanip.example.com"}, "orgin"),
    ({"loadBalancer": {"annotation": {}}}, "annotation"),
]


def helm(chart, values):
    command = ["helm", "template", "hanip", chart, "--namespace=hanip", "--kube-version=1.34.4", "--values=-"]
    return subprocess.run(command, input=json.dumps(values), capture_output=True, text=True, check=False)


def comparable(things):
    """By their names. The settings have another hash in their name, and Helm's hooks are Helm's."""
    text = re.sub(r"settings-[0-9a-z]{10}", "settings", json.dumps(things))
    things = {name(thing): thing for thing in json.loads(text) if thing["kind"] != "Namespace"}
    for thing in things.values():
        notes = thing["metadata"].get("annotations", {})
        kept = {key: value for key, value in notes.items() if not key.startswith("helm.sh/")}
        thing["metadata"]["annotations"] = kept
    return things


def digests_of_the_page(page, names):
    """What the page's own command makes of a list of all images."""
    [command] = re.findall(r"^\{ echo 'digests:'; .*$", pathlib.Path(page).read_text(), re.MULTILINE)
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("images", "chart"):
            (pathlib.Path(folder) / "target" / kind).mkdir(parents=True)
        pushed = "".join(f"localhost:5000/hanip/{name}@{ZEROS}\n" for name in names)
        (pathlib.Path(folder) / "target/images/pushed").write_text(pushed)
        subprocess.run(["bash", "-euc", command], cwd=folder, check=True)
        return yaml.safe_load((pathlib.Path(folder) / "target/chart/digests.yaml").read_text())["digests"]


def faults(rendered, chart, settings, page, names):
    lines = pathlib.Path(settings).read_text().splitlines()
    told = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    [edge] = [thing for thing in of_kind(rendered, "Service") if thing["metadata"]["name"] == "edge"]
    values = {
        "origin": told.pop("PUBLIC_ORIGIN"),
        "registry": "registry.example/hanip",
        "digests": digests_of_the_page(page, names),
        "settings": {"LOG": "info", **told},
        "loadBalancer": {"annotations": edge["metadata"]["annotations"]},
    }
    made = helm(chart, values)
    if made.returncode:
        yield made.stderr
        return
    wanted, found = comparable(rendered), comparable(load(made.stdout))
    for thing in sorted(wanted.keys() | found.keys()):
        if wanted.get(thing) != found.get(thing):
            yield f"{thing}: expected {wanted.get(thing)}, Helm made {found.get(thing)}"
    for nonsense, word in NONSENSE:
        made = helm(chart, values | nonsense)
        if not made.returncode or word not in made.stderr:
            yield f"{nonsense}: expected to be refused with {word!r}: {made.stderr or 'taken'}"
    print(f"objects that Helm makes as kustomize does: {len(found)} of {len(wanted)}; refused: {len(NONSENSE)} values")


def main(rendered, chart, settings, page, *names):
    found = list(faults(load(pathlib.Path(rendered).read_text()), chart, settings, page, names))
    for words in found:
        print(words, file=sys.stderr)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
