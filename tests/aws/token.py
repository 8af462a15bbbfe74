"""Whether RDS would let somebody in: token.py FOLDER USER, with the token on standard input.

It is computed anew from what AWS documents of Signature Version 4, with Python's own HMAC. FOLDER/rds.json says what RDS
knows: its address, its region, the keys, how long a token lives, how far its clock is ahead. FOLDER/log gets a line.
"""

import hashlib
import hmac
import json
import sys
import time
from calendar import timegm
from pathlib import Path
from urllib.parse import parse_qsl, quote

SKEW = 300


def signature(secret, scope, text):
    key = f"AWS4{secret}".encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


def fault(rds, user, token):
    """Why it is refused, or none."""
    address, _, query = token.partition("/?")
    if address != rds["address"]:
        return "another host"
    pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True)
    asked = dict(pairs)
    if len(asked) != len(pairs) or asked.get("Action") != "connect":
        return "no request to connect"
    if asked.get("DBUser") != user:
        return "another user"
    key_id, *scope = asked["X-Amz-Credential"].split("/")
    date = asked["X-Amz-Date"]
    if scope != [date[:8], rds["region"], "rds-db", "aws4_request"]:
        return "another scope"
    key = rds["keys"].get(key_id)
    if key is None or asked.get("X-Amz-Security-Token") != key["token"]:
        return "unknown credentials"
    if (asked["X-Amz-Algorithm"], asked["X-Amz-SignedHeaders"]) != ("AWS4-HMAC-SHA256", "host"):
        return "another algorithm"
    now = time.time() + rds["ahead"]
    if now > key["until"]:
        return "credentials that have ended"
    age = now - timegm(time.strptime(date, "%Y%m%dT%H%M%SZ"))
    if asked["X-Amz-Expires"] != "900" or not -SKEW <= age <= rds["life"]:
        return "too old"
    signed = [
        (quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in pairs if name != "X-Amz-Signature"
    ]
    canonical = "\n".join(
        [
            "GET",
            "/",
            "&".join(f"{name}={value}" for name, value in sorted(signed)),
            f"host:{address}",
            "",
            "host",
            hashlib.sha256(b"").hexdigest(),
        ]
    )
    text = "\n".join(["AWS4-HMAC-SHA256", date, "/".join(scope), hashlib.sha256(canonical.encode()).hexdigest()])
    if not hmac.compare_digest(signature(key["secret"], scope, text), asked["X-Amz-Signature"]):
        return "another signature"
    return None


def main():
    folder, user = Path(sys.argv[1]), sys.argv[2]
    token = sys.stdin.read()
    try:
        why = fault(json.loads((folder / "rds.json").read_text()), user, token)
    except (KeyError, ValueError) as error:
        why = f"no token: {error!r}"
    with (folder / "log").open("a") as log:
        log.write(json.dumps({"user": user, "token": token, "refused": why}) + "\n")
    sys.exit(why is not None)


main()
