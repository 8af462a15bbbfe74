"""Prints the dashboard of Grafana as JSON: scripts/monitoring writes it beside the component."""

import json

SOURCE = {"type": "prometheus", "uid": "${source}"}
OURS = 'k8s_namespace_name="hanip"'
FUNCTION = "{{kn_service_name}}"
QUANTILE = "histogram_quantile({}, sum by (le) (hanip:request_duration_seconds_bucket:increase5m))"
ASLEEP = "Empty while all functions sleep."
# Each row of the page: what it is called, and its panels, of each the title, the unit, what it says, and its queries with
# their legends.
ROWS = [
    (
        "Requests",
        [
            (
                "Requests in five minutes",
                "short",
                f"By function, as the proxy beside each counts them. {ASLEEP}",
                [("sum by (kn_service_name) (hanip:requests:increase5m)", FUNCTION)],
            ),
            (
                "Failures in five minutes",
                "short",
                "Answers of 5xx. The 503 of tick and of reminders says that they go on with the next call. " + ASLEEP,
                [("hanip:failures:increase5m", FUNCTION)],
            ),
            (
                "Duration",
                "s",
                f"Of all functions: what half of the requests, 95 % and 99 % stay below. {ASLEEP}",
                [(QUANTILE.format(share), f"p{name}") for share, name in ((0.5, 50), (0.95, 95), (0.99, 99))],
            ),
            (
                "Requests at one pod",
                "short",
                f"At the fullest: those that it answers, and those that wait for it. {ASLEEP}",
                [(f"max by (kn_service_name) (kn_serving_queue_depth{{{OURS}}})", FUNCTION)],
            ),
            (
                "Pods wanted and there",
                "short",
                "Empty where Knative's autoscaler pushes nothing.",
                [
                    (f"sum by (kn_service_name) (kn_revision_pods_requested{{{OURS}}})", f"{FUNCTION} wanted"),
                    (f"sum by (kn_service_name) (kn_revision_pods_count{{{OURS}}})", f"{FUNCTION} there"),
                ],
            ),
            (
                "Starts in five minutes",
                "short",
                f"Pods that answered their first request. {ASLEEP}",
                [("hanip:starts:increase5m", FUNCTION)],
            ),
        ],
    ),
    (
        "Database",
        [
            ("Reached", "short", "1 where it answers.", [("max(hanip_database_up)", "up")]),
            (
                "Connections",
                "short",
                "Those of everybody, and how many it takes.",
                [("max(hanip_database_connections)", "open"), ("max(hanip_database_connections_max)", "at most")],
            ),
            (
                "Time for all figures",
                "s",
                "A statement over every counter. It is ended after two seconds.",
                [("max(hanip_database_answer_seconds)", "answer")],
            ),
            (
                "Age of the last backup",
                "s",
                "Empty where the database is not in the cluster, and until the first.",
                [
                    (
                        'time() - max(kube_cronjob_status_last_successful_time{namespace="hanip",cronjob="backup"})',
                        "backup",
                    )
                ],
            ),
        ],
    ),
    (
        "Ticks",
        [
            (
                "Time since the last tick",
                "s",
                "One comes every quarter of an hour. Empty until the first.",
                [("time() - max(hanip_tick_last_timestamp_seconds)", "ago")],
            ),
            (
                "How long it worked",
                "s",
                "Empty until the first tick.",
                [("max(hanip_tick_last_duration_seconds)", "tick")],
            ),
            (
                "Due",
                "short",
                "Foods with a finished day that is open, and those closed within a day.",
                [("max(hanip_due_foods)", "due"), ("max(hanip_tick_closed_foods)", "closed")],
            ),
            (
                "Age of the oldest day that is due",
                "s",
                "Below a quarter of an hour, and some.",
                [("max(hanip_oldest_due_day_age_seconds)", "age")],
            ),
            (
                "Wrong and waiting",
                "short",
                "Stored counts that were corrected within a day; milestones and reminders that wait to be told.",
                [
                    ("max(hanip_drifted_foods)", "drifted"),
                    ("max(hanip_milestones_unannounced)", "milestones"),
                    ("max(hanip_reminders_late)", "reminders"),
                ],
            ),
        ],
    ),
    (
        "People",
        [
            (
                "People",
                "short",
                "With a session or token used within so many days. Who signs out is no longer among them.",
                [("max by (days) (hanip_people)", "{{days}} days")],
            ),
            (
                "Sign-ins in a quarter of an hour",
                "short",
                "Empty until the first, and for a while after the database was away for long.",
                [("hanip:sign_ins:increase15m", "{{provider}} {{outcome}}")],
            ),
            (
                "Versions",
                "short",
                "Of figures, and of its time zones.",
                [("hanip_build_info", "{{version}} {{tzdata}}")],
            ),
        ],
    ),
]
WIDTH, HEIGHT = 8, 7


def panel(number, at, title, unit, words, queries):
    return {
        "id": number,
        "type": "timeseries",
        "title": title,
        "description": words,
        "datasource": SOURCE,
        "gridPos": {"x": at[0], "y": at[1], "w": WIDTH, "h": HEIGHT},
        "targets": [
            {"refId": chr(ord("A") + place), "datasource": SOURCE, "expr": expr, "legendFormat": legend}
            for place, (expr, legend) in enumerate(queries)
        ],
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
    }


def panels():
    number, y = 0, 0
    for title, parts in ROWS:
        number += 1
        place = {"x": 0, "y": y, "w": 24, "h": 1}
        yield {"id": number, "type": "row", "title": title, "collapsed": False, "gridPos": place, "panels": []}
        y += 1
        for place, part in enumerate(parts):
            number += 1
            yield panel(number, (place % 3 * WIDTH, y + place // 3 * HEIGHT), *part)
        y += (len(parts) + 2) // 3 * HEIGHT


def dashboard():
    source = {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
    return {
        "uid": "hanip",
        "title": "Hanip",
        "tags": ["hanip"],
        "editable": False,
        "graphTooltip": 1,
        "schemaVersion": 41,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [source]},
        "annotations": {"list": []},
        "panels": list(panels()),
    }


if __name__ == "__main__":
    print(json.dumps(dashboard(), indent=1))
