"""How large the programs are, and what the browser app makes a phone fetch."""

import re
import subprocess

import world
from start import FUNCTIONS

APP = world.HERE.parent.parent / "functions/web/app/dist"
BUDGET = 40_000


def compressed(path):
    """As it is sent: a program in a layer of an image, a file of the app with Brotli."""
    ready = path.with_name(f"{path.name}.br")
    if ready.exists():
        return ready.stat().st_size
    return len(
        subprocess.run(
            ["zstd", "--quiet", "--ultra", "-20", "--stdout", path], check=True, stdout=subprocess.PIPE
        ).stdout
    )


def measure():
    hello = world.PROGRAMS / "hello"
    bare, bare_compressed = hello.stat().st_size, compressed(hello)
    rows, bars, raw = [], [], {"hello": [bare, bare_compressed]}
    for name in [*FUNCTIONS, "migrate"]:
        path = world.PROGRAMS / name
        size, small = path.stat().st_size, compressed(path)
        raw[name] = [size, small]
        rows.append(
            [
                name,
                f"{size / 1e6:.2f} MB",
                f"{small / 1e6:.2f} MB",
                f"{small / bare_compressed:.1f}",
                f"{small / 3e6:.2f}",
            ]
        )
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
        "rows": rows,
        "plot": {"what": "compressed size, share of its goal", "bars": bars},
        "raw": raw,
        "note": f"As it is sent: programs as layers of images are, with zstd, the app with Brotli. Goals: 3 MB a function, {BUDGET // 1000} kB of script and style before the app shows.",
    }
