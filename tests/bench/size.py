"""How large the programs are, and what the browser app makes a phone fetch."""

import gzip
import re

import world
from start import FUNCTIONS

APP = world.HERE.parent.parent / "functions/web/app/dist"
BUDGET = 40_000


def compressed(path):
    return len(gzip.compress(path.read_bytes(), 9))


def measure():
    hello = world.PROGRAMS / "hello"
    bare, bare_compressed = hello.stat().st_size, compressed(hello)
    rows, bars, raw = [], [], {"hello": [bare, bare_compressed]}
    for name in [*FUNCTIONS, "migrate"]:
        path = world.PROGRAMS / name
        size, small = path.stat().st_size, compressed(path)
        raw[name] = [size, small]
        rows.append([name, f"{size / 1e6:.2f} MB", f"{small / 1e6:.2f} MB", f"{small / bare_compressed:.1f}", f"{small / 3e6:.2f}"])
        bars.append([name, small / 3e6, 1, "at most"])
    # What index.html names is fetched before anything shows.
    index = (APP / "index.html").read_text()
    first = [APP / name.lstrip("./") for name in re.findall(r'(?:src|href)="([^"]+\.(?:js|css))"', index)]
    every = [path for path in APP.rglob("*") if path.suffix in (".js", ".css")]
    for label, files in (("browser app, first load", first), ("browser app, all scripts and styles", every)):
        size, small = sum(path.stat().st_size for path in files), sum(map(compressed, files))
        raw[label] = [size, small]
        budget = small / BUDGET if files is first else None
        rows.append([label, f"{size / 1e3:.1f} kB", f"{small / 1e3:.1f} kB", "", f"{budget:.2f}" if budget else ""])
        if budget:
            bars.append([label, budget, 1, "at most"])
    return {
        "title": "Size",
        "columns": ["what", "size", "compressed", "× a bare program's", "of its goal"],
        "rows": rows, "plot": {"what": "compressed size, share of its goal", "bars": bars}, "raw": raw,
        "note": f"gzip -9. Goals: 3 MB a function, {BUDGET // 1000} kB of script and style before the app shows.",
    }
