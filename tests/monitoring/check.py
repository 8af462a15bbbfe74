"""Checks rules, dashboard and alerts: check.py MADE, a folder that scripts/monitoring has filled."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml
from cases import ASLEEP, CASES, LAST, NOT_FIRING

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXPOSED = ROOT / "tests/monitoring/exposed"
# Words of the language, which name nothing that is exposed.
WORDS = {"by", "on", "or", "and", "unless", "offset", "without", "ignoring", "group_left", "group_right", "bool"}
STEP = 30
# The labels that are asked for, and of those with values that are written out, which there are.
LABELS = {
    "cronjob": {"backup"},
    "deployment": {"edge", "3scale-kourier-gateway"},
    "http_response_status_code": {"5.."},
    "k8s_namespace_name": {"hanip"},
    "namespace": {"hanip", "kourier-system"},
    "outcome": {"completed", "refused", "failed"},
    **{label: set() for label in ("days", "integration", "k8s_pod_name", "le", "provider", "tzdata", "version")},
}
# What a panel says that shows nothing where no pod of a function runs.
EMPTY = "Empty while all functions sleep."
# A millisecond less, so that a scrape comes just before each step and none is on the edge of a window: Prometheus 2 counts
# one that is, and 3 does not.
SCRAPE = "29s999ms"


def names(expr):
    """The metrics that an expression asks for."""
    expr = re.sub(r'"[^"]*"', '""', expr)
    expr = re.sub(r"\{[^}]*\}|\[[^]]*\]", " ", expr)
    expr = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", " ", expr)
    found = re.findall(r"(?<![\w:.])([a-zA-Z_:][\w:]*)(?!\s*\()\b(?![\w:]|\s*\()", expr)
    return {name for name in found if name not in WORDS}


def selected(expr):
    """The labels that an expression asks for, each with a value, or with None where it has none."""
    for label, _, values in re.findall(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"', expr):
        yield from ((label, value) for value in values.split("|"))
    for labels in re.findall(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)", expr):
        yield from ((label.strip(), None) for label in labels.split(",") if label.strip())


def functions():
    """All Services of Knative."""
    for path in (ROOT / "knative/base").rglob("*.yaml"):
        for thing in yaml.safe_load_all(path.read_text()):
            # A patch is a list.
            if isinstance(thing, dict) and thing.get("apiVersion") == "serving.knative.dev/v1":
                yield thing["metadata"]["name"]


def exposed():
    return {line for path in EXPOSED.glob("*.txt") for line in path.read_text().split()}


def rules(made):
    return [rule for group in yaml.safe_load((made / "rules.yml").read_text())["groups"] for rule in group["rules"]]


def queries(made):
    for panel in json.loads((made / "dashboard.json").read_text())["panels"]:
        for target in panel.get("targets", []):
            yield panel, target["expr"]


def faults(made):
    known, recorded = exposed(), {rule["record"] for rule in rules(made) if "record" in rule}
    asked = {f"rule {rule.get('alert', rule.get('record'))}": names(rule["expr"]) for rule in rules(made)}
    for panel, expr in queries(made):
        asked.setdefault(f"panel {panel['title']}", set()).update(names(expr))
    for where, these in asked.items():
        for name in sorted(these - known - recorded):
            yield f"{where}: nothing exposes {name}"
    for name in sorted((known | recorded) - set().union(*asked.values())):
        yield f"{name}: no rule and no panel looks at it"
    yield from mistaken(made)
    yield from silent(made)
    yield from alerts(made)
    yield from inhibitions(made)
    yield from places()


def mistaken(made):
    """A label or a value that nothing has finds nothing, and says nothing."""
    known = {**LABELS, "kn_service_name": set(functions())}
    asked = [(f"rule {rule.get('alert', rule.get('record'))}", rule["expr"], str(rule)) for rule in rules(made)]
    for panel, expr in queries(made):
        asked.append((f"panel {panel['title']}", expr, str(panel["targets"])))
    for where, expr, said in asked:
        shown = re.findall(r"\$labels\.(\w+)|\{\{(\w+)\}\}", said)
        for label, value in {*selected(expr), *((one or other, None) for one, other in shown)}:
            if label not in known:
                yield f"{where}: nothing has a label {label}"
            elif value is not None and value not in known[label]:
                yield f"{where}: no {label} is {value}"


def silent(made):
    """Each panel says that it shows nothing while all functions sleep, if it does."""
    pushed = set((EXPOSED / "queue-proxy.txt").read_text().split())
    for rule in rules(made):
        if "record" in rule and names(rule["expr"]) & pushed:
            pushed.add(rule["record"])
    for panel, expr in queries(made):
        if bool(names(expr) & pushed) != (EMPTY in panel["description"]):
            yield f"panel {panel['title']}: expected {EMPTY!r} if it asks the proxy beside a function, and only then"


def alerts(made):
    """Each says what happened, why, and where it is written what to do; and is tried."""
    page = (ROOT / "docs/operations.md").read_text()
    there = [rule for rule in rules(made) if "alert" in rule]
    for rule in there:
        name, said = rule["alert"], rule["annotations"]
        for part in ("summary", "cause", "runbook_url"):
            if not said.get(part):
                yield f"{name}: expected {part}"
        anchor = name.lower()
        if said["runbook_url"] != f"{{{{ $externalLabels.hanip_docs }}}}/operations.md#{anchor}":
            yield f"{name}: expected the address of its row, below the label hanip_docs, not {said['runbook_url']}"
        row = re.search(rf'^\| <a id="{anchor}"></a>`{name}` \|(.+)\|(.+)\|$', page, re.MULTILINE)
        if not row or not all(cell.strip() for cell in row.groups()):
            yield f"{name}: docs/operations.md has no row of it"
        if len(said["summary"]) > 200 or len(said["cause"]) > 300:
            yield f"{name}: too long for a message"
    for name in set(re.findall(r'<a id="hanip\w+"></a>`(\w+)`', page)) - {rule["alert"] for rule in there}:
        yield f"docs/operations.md: there is no alert {name}"
    for name in {rule["alert"] for rule in there} ^ {name for name, _, _ in CASES}:
        yield f"{name}: expected an alert, and a case of it in tests/monitoring/cases.py"


def inhibitions(made):
    """What an alert follows from is an alert that silences it."""
    config = yaml.safe_load((made / "alertmanager.yml").read_text())
    said = json.dumps(config["inhibit_rules"]) + json.dumps(config["route"])
    names = {rule["alert"] for rule in rules(made) if "alert" in rule}
    for name in set(re.findall(r"Hanip[A-Z]\w+", said)) - names:
        yield f"Alertmanager: there is no alert {name}"
    for follows in {rule["labels"].get("follows") for rule in rules(made) if "alert" in rule} - {None}:
        if f'follows = \\"{follows}\\"' not in said:
            yield f"follows {follows}: nothing silences it"


def places():
    """What Knative pushes goes to the release that the values name."""
    patch = yaml.safe_load((ROOT / "knative/platform/patches/config-observability.yaml").read_text())["data"]
    values = yaml.safe_load((ROOT / "knative/monitoring/kube-prometheus-stack.yaml").read_text())
    setting = "--set prometheus.prometheusSpec.externalLabels.hanip_docs=https://"
    if setting not in (ROOT / "knative/README.md").read_text():
        yield "knative/README.md does not say where the pages are set that alerts link to: hanip_docs"
    host = f"{values['fullnameOverride']}-prometheus.monitoring.svc"
    for key in ("request-metrics-endpoint", "metrics-endpoint"):
        if f"//{host}." not in patch[key]:
            yield f"config-observability: {key}: expected {host}"


def tests(made):
    """Of each alert: that it fires at a moment, and not one step before, or after; and what must fire nothing."""
    for name, moment, series in CASES:
        # One is always on.
        yield case(name, series, [(moment, firing(name))] + ([(moment - STEP, [])] if moment else []))
    for name, moment, series in LAST:
        yield case(name, series, [(moment, firing(name)), (moment + STEP, [])])
    yield address(made)
    empty = [expr for panel, expr in queries(made) if EMPTY in panel["description"]]
    yield of_series("asleep", ASLEEP, [{"expr": expr, "eval_time": "20m", "exp_samples": []} for expr in empty])
    for name, series in NOT_FIRING:
        yield case(name, series, [(7200, [])], of="max_over_time({}[2h])")


def address(made):
    """The alert that is always on, as it is told where the label is set."""
    watchdog = next(rule for rule in rules(made) if rule.get("alert") == "HanipWatchdog")
    docs = "https://docs.example/hanip"
    annotations = {**watchdog["annotations"], "runbook_url": f"{docs}/operations.md#hanipwatchdog"}
    told = {"exp_labels": watchdog["labels"], "exp_annotations": annotations}
    return {
        "name": "the address of a row",
        "external_labels": {"hanip_docs": docs},
        "alert_rule_test": [{"eval_time": "1m", "alertname": "HanipWatchdog", "exp_alerts": [told]}],
    }


def firing(name):
    return [{"labels": f'{{alertname="{name}"}}', "value": 1}]


def case(name, series, steps, of="{}"):
    alerts = f'ALERTS{{alertname="{name}",alertstate="firing"}}'
    expr = f"count by (alertname) ({of.format(alerts)})"
    asked = [{"expr": expr, "eval_time": f"{moment}s", "exp_samples": samples} for moment, samples in steps]
    return of_series(name, series, asked)


def of_series(name, series, asked):
    return {
        "name": name,
        "interval": SCRAPE,
        "input_series": [{"series": what, "values": values} for what, values in series],
        "promql_expr_test": asked,
    }


def promtool(made):
    subprocess.run(
        ["promtool", "check", "rules", "--lint=all", "--lint-fatal", made / "rules.yml"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    with tempfile.NamedTemporaryFile("w", suffix=".yml", dir=made) as file:
        these = list(tests(made))
        yaml.safe_dump({"rule_files": ["rules.yml"], "evaluation_interval": f"{STEP}s", "tests": these}, file)
        file.flush()
        subprocess.run(["promtool", "test", "rules", file.name], check=True, stdout=subprocess.DEVNULL)
    return len(these)


def main(made):
    made = pathlib.Path(made).resolve()
    found = list(faults(made))
    for words in found:
        print(words, file=sys.stderr)
    print(f"cases of alerts that promtool has tried: {promtool(made)}")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
