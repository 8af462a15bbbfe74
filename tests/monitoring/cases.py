"""When each alert fires: the second at which it does, and the series that it sees, in steps of half a minute."""

OF = 'k8s_namespace_name="hanip",kn_service_name="foods",k8s_pod_name="foods-1"'
COUNT = "http_server_request_duration_seconds_count"
GATEWAY = "3scale-kourier-gateway"
BUCKET = "http_server_request_duration_seconds_bucket"


def requests(status, values, of=OF):
    return (f'{COUNT}{{{of},http_response_status_code="{status}"}}', values)


def available(namespace, deployment, values):
    labels = f'namespace="{namespace}",deployment="{deployment}"'
    return (f"kube_deployment_status_replicas_available{{{labels}}}", values)


def queue(function, values):
    return (f"kn_serving_queue_depth{{{OF.replace('foods', function)}}}", values)


def pods(**values):
    return [(f"kn_revision_pods_{which}{{{OF}}}", these) for which, these in values.items()]


def sign_ins(outcome, values, pod="figures-1"):
    return (f'hanip_sign_ins_total{{provider="google",outcome="{outcome}",pod="{pod}"}}', values)


def up(values, pod="figures-1"):
    return (f'hanip_database_up{{pod="{pod}"}}', values)


CASES = [
    # Six failures come at 600 s and are told of five minutes later.
    ("HanipFunctionFails", 900, [requests(200, "0+3x60"), requests(500, "_x20 6+2x40")]),
    (
        "HanipFunctionSlow",
        690,
        [
            requests(200, "0+10x60"),
            (f'{BUCKET}{{{OF},http_response_status_code="200",le="2.5"}}', "0+0x60"),
            (f'{BUCKET}{{{OF},http_response_status_code="200",le="5"}}', "0+10x60"),
            (f'{BUCKET}{{{OF},http_response_status_code="200",le="+Inf"}}', "0+10x60"),
        ],
    ),
    ("HanipQueueLong", 300, [queue("foods", "50x40")]),
    ("HanipQueueLong", 300, [queue("data", "2x40")]),
    # Of two pods one is there; and the first one of a new revision does not start.
    ("HanipPodsMissing", 300, pods(requested="2x40", count="1x40", not_ready_count="0x40", terminating_count="0x40")),
    ("HanipPodsMissing", 300, pods(requested="0x40", count="0x40", not_ready_count="1x40", terminating_count="0x40")),
    # The last request was at 30 s.
    ("HanipRequestsUnseen", 1830, [requests(200, "1x1 stale")]),
    ("HanipEdgeAway", 120, [available("hanip", "edge", "0x20"), available("kourier-system", GATEWAY, "1x20")]),
    ("HanipEdgeAway", 420, [available("hanip", "edge", "2x40"), available("kourier-system", GATEWAY, "1x9 0x30")]),
    # One event, of a pod that wakes for it and ends at once.
    ("HanipEventLost", 300, [requests(202, "_x10 1 1 1", OF.replace("foods", "dead-letter"))]),
    ("HanipFiguresAway", 330, [('hanip_build_info{version="0.1.0"}', "1 stale _x60")]),
    ("HanipDatabaseAway", 120, [up("0x20")]),
    ("HanipDatabaseWasAway", 120, [up("0x20")]),
    (
        "HanipConnectionsShort",
        300,
        [("hanip_database_connections", "161x20"), ("hanip_database_connections_max", "200x20")],
    ),
    # The database was once too slow to say.
    (
        "HanipConnectionsShort",
        300,
        [
            ("hanip_database_connections", "161x5 stale 161x20"),
            ("hanip_database_connections_max", "200x5 stale 200x20"),
        ],
    ),
    # The last tick was at 0 s: more than an hour ago from 3630 s on.
    ("HanipTickMissing", 3930, [("hanip_tick_last_timestamp_seconds", "0x140")]),
    ("HanipTickMissing", 3930, [("hanip_tick_last_timestamp_seconds", "0x120 stale 0x120")]),
    ("HanipTickNever", 3600, [up("1x140")]),
    ("HanipDayOverdue", 600, [("hanip_oldest_due_day_age_seconds", "7200x9 7201x40")]),
    ("HanipDayOverdue", 600, [("hanip_oldest_due_day_age_seconds", "7200x9 7201x4 stale 7201x40")]),
    ("HanipDrift", 300, [("hanip_drifted_foods", "0x9 1x10")]),
    ("HanipMilestonesWait", 3600, [("hanip_milestones_unannounced", "1x140")]),
    # Twice within the hour the database was too slow to say; and with a new pod of figures.
    ("HanipMilestonesWait", 3600, [("hanip_milestones_unannounced", "1x40 stale 1x40 stale 1x40")]),
    (
        "HanipMilestonesWait",
        3600,
        [
            ('hanip_milestones_unannounced{pod="figures-1"}', "1x40 stale"),
            ('hanip_milestones_unannounced{pod="figures-2"}', "_x44 1x80"),
        ],
    ),
    ("HanipRemindersLate", 600, [("hanip_reminders_late", "1x40")]),
    ("HanipRemindersLate", 600, [("hanip_reminders_late", "1x10 stale 1x40")]),
    # Five fail at 1800 s: of a provider that never failed before, of one that did, and after a new pod of figures.
    ("HanipSignInsFail", 1800, [up("1x100"), sign_ins("completed", "100x100"), sign_ins("failed", "_x60 5x40")]),
    ("HanipSignInsFail", 1800, [up("1x100"), sign_ins("completed", "100x100"), sign_ins("failed", "7x59 12x40")]),
    (
        "HanipSignInsFail",
        1800,
        [
            up("1x50 stale"),
            up("_x51 1x60", "figures-2"),
            sign_ins("completed", "100x50 stale"),
            sign_ins("failed", "7x50 stale"),
            sign_ins("completed", "_x51 100x60", "figures-2"),
            sign_ins("failed", "_x51 7x8 12x50", "figures-2"),
        ],
    ),
    (
        "HanipBackupOld",
        93630,
        [('kube_cronjob_status_last_successful_time{namespace="hanip",cronjob="backup"}', "0x3200")],
    ),
    # The job was made at 0 s, and has never ended well.
    ("HanipBackupOld", 93630, [('kube_cronjob_created{namespace="hanip",cronjob="backup"}', "0x3200")]),
    ("HanipAlertsUntold", 330, [('alertmanager_notifications_failed_total{integration="slack"}', "0 1 1x40")]),
    ("HanipWatchdog", 0, []),
]
# When an alert fires for the last time.
LAST = [
    # The database goes away after 600 s: what it last said stands for less than five minutes.
    ("HanipDrift", 870, [up("1x20 0x40"), ("hanip_drifted_foods", "1x20 stale")]),
    ("HanipDatabaseAway", 600, [up("1x10 0x9 1x100")]),
    ("HanipDatabaseWasAway", 1800, [up("1x10 0x9 1x100")]),
]
# A pod that ended long ago: the panels of functions show nothing, as they say.
ASLEEP = [
    requests(200, "1x2 stale"),
    (f'{BUCKET}{{{OF},http_response_status_code="200",le="+Inf"}}', "1x2 stale"),
    queue("foods", "1x2 stale"),
]
# What is no alarm.
NOT_FIRING = [
    # One request a quarter of an hour is seen; another deployment has no pods.
    ("HanipRequestsUnseen", [requests(200, "1 stale _x28 " * 8)]),
    ("HanipEdgeAway", [available("hanip", "edge", "1x240"), available("hanip", "foods-00001-deployment", "0x240")]),
    ("HanipQueueLong", [queue("foods", "49x240"), queue("data", "1x240"), queue("tick", "1x240")]),
    ("HanipFunctionFails", [requests(200, "0+3x60"), requests(500, "_x20 1x40")]),
    ("HanipFunctionFails", [requests(503, "0+3x120", OF.replace("foods", "tick"))]),
    ("HanipFunctionFails", [requests(503, "0+3x120", OF.replace("foods", "reminders"))]),
    ("HanipFunctionFails", [requests(200, "0+500x120"), requests(500, "0+5x120")]),
    # Five are within every window, of a pod that lives on.
    (
        "HanipFunctionFails",
        [requests(200, "0+3x180"), requests(500, " ".join(str(1 + step * 5 // 9) for step in range(180)))],
    ),
    ("HanipSignInsFail", [up("1x160"), sign_ins("completed", "0+1x160"), sign_ins("failed", "_x60 4x100")]),
    ("HanipSignInsFail", [up("1x160"), sign_ins("completed", "100x160"), sign_ins("failed", "7x59 11x100")]),
    ("HanipSignInsFail", [up("1x160"), sign_ins("completed", "0+10x160"), sign_ins("failed", "0+5x160")]),
    # A new pod of figures says what the last one said.
    (
        "HanipSignInsFail",
        [
            up("1x50 stale"),
            up("_x51 1x160", "figures-2"),
            sign_ins("completed", "10x50 stale"),
            sign_ins("failed", "100x50 stale"),
            sign_ins("completed", "_x51 10x160", "figures-2"),
            sign_ins("failed", "_x51 100x160", "figures-2"),
        ],
    ),
    # The database was away for twenty minutes, or for an hour; and Prometheus is new.
    *(
        (
            "HanipSignInsFail",
            [
                up(f"1x50 0x{steps} 1x100"),
                sign_ins("completed", f"10x50 stale _x{steps} 10x100"),
                sign_ins("failed", f"100x50 stale _x{steps} 100x100"),
            ],
        )
        for steps in (40, 120)
    ),
    ("HanipSignInsFail", [up("1x160"), sign_ins("completed", "10x160"), sign_ins("failed", "100x160")]),
    (
        "HanipPodsMissing",
        pods(requested="2x5 1x100", count="1x106", not_ready_count="1x5 0x100", terminating_count="0x106"),
    ),
    # As many as max-scale lets there be; and one that ends.
    (
        "HanipPodsMissing",
        pods(desired="5x60", requested="2x60", count="2x60", not_ready_count="1x60", terminating_count="1x60"),
    ),
    ("HanipMilestonesWait", [("hanip_milestones_unannounced", "1x100 0 1x10")]),
    # No job of the cluster makes them.
    ("HanipBackupOld", []),
    # The first backup is whole.
    (
        "HanipBackupOld",
        [
            ('kube_cronjob_created{namespace="hanip",cronjob="backup"}', "-93000x240"),
            ('kube_cronjob_status_last_successful_time{namespace="hanip",cronjob="backup"}', "_x10 300x230"),
        ],
    ),
    ("HanipTickNever", [up("1x240"), ("hanip_tick_last_timestamp_seconds", "_x100 3000x140")]),
    ("HanipTickNever", [up("1x100 0x20 1x120"), ("hanip_tick_last_timestamp_seconds", "0x100 stale _x19 0x120")]),
    ("HanipDatabaseWasAway", [up("1x100 0x3 1x100")]),
]
