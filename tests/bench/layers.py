"""What a request is made of: the floor, the driver beyond it, serving HTTP, and the rest, which is our own.

The driver alone sends the statements of the floor over the pool that functions have; HTTP alone is
`/healthz` of the same function.
"""

import os

import record
import world
from requests import KINDS, measure_kind, populate
from world import median, request

CLIENTS = (1, 16)


def alone(asked, floor):
    """The driver alone, and HTTP alone."""
    return {
        "driver": world.load("driver", floor),
        "http": world.load("http", asked(lambda person: [request("GET", "/healthz", person)])),
    }


def measure():
    populate()
    os.environ["DATABASE_URL"] = world.url("hanip")
    recorder = record.Recorder()
    raw = [result for kind in KINDS for result in measure_kind(kind, recorder, CLIENTS, alone)["results"]]
    rows, bars = [], []
    for result in raw:
        of = lambda figure: median(map(figure, result["rounds"]))
        p50 = lambda what: lambda entry: entry[what]["p50_ms"]
        rate = lambda what: lambda entry: entry[what]["per_second"]
        driver = of(lambda entry: p50("driver")(entry) - p50("floor")(entry))
        rest = of(lambda entry: p50("ours")(entry) - p50("driver")(entry) - p50("http")(entry))
        bare = of(lambda entry: 1 / (1 / rate("driver")(entry) + 1 / rate("http")(entry)) / rate("floor")(entry))
        share = lambda what: of(lambda entry: rate(what)(entry) / rate("floor")(entry))
        cpu = [
            of(lambda entry: entry["driver"]["cpu_us"][0]),
            of(lambda entry: entry["http"]["cpu_us"][1]),
            of(lambda entry: entry["ours"]["cpu_us"][1]),
        ]
        rows.append(
            [
                result["kind"],
                str(result["clients"]),
                f"{of(p50('floor')):.2f}",
                f"{driver:+.2f}",
                f"{of(p50('http')):+.2f}",
                f"{rest:+.2f}",
                f"{of(p50('ours')):.2f}",
                *(f"{figure:.0f} µs" for figure in cpu),
                f"{share('driver'):.2f}",
                f"{bare:.2f}",
                f"{share('ours'):.2f}",
            ]
        )
        bars.append([f"{result['kind']}, {result['clients']}", share("ours") / bare, None, "at least"])
    return {
        "title": "What a request is made of",
        "columns": [
            "request",
            "connections",
            "floor's p50, ms",
            "the driver",
            "HTTP",
            "the rest",
            "together",
            "CPU: the driver alone",
            "HTTP alone",
            "a request",
            "share of the floor's requests a second: the driver alone",
            "the driver and HTTP",
            "the function",
        ],
        "rows": rows,
        "plot": {"what": "requests a second, share of what the driver and HTTP alone would have", "bars": bars},
        "raw": raw,
        "note": "The driver alone is sqlx over the pool of a function, sending the floor's statements and reading nothing of the "
        "rows; HTTP alone is `/healthz` of the same function. What both would have together is reckoned: 1 / (1 / the one + "
        "1 / the other).",
    }
