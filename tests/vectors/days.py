"""Which date is today, said by Python's zoneinfo, for the Rust rule to agree with.

    scripts/check-zones --vectors

The version of tzdata has to be that of the zone database compiled into ours: the first line. A further line is a zone, the
digest of its labels, and the instants from 1990 to 2037 at which its clock jumps. The labels are
those of the second before each jump, of the jump, and of every hour up to three days from it, for
each of six starts of the day: proleptic ordinals, four bytes each, little-endian.
"""

import hashlib
import sys
import zoneinfo
from datetime import UTC, datetime, timedelta

import tzdata

STARTS = [timedelta(minutes=minutes) for minutes in (0, 30, 210, 240, 450, 720)]
FIRST = int(datetime(1990, 1, 1, tzinfo=UTC).timestamp())
LAST = int(datetime(2038, 1, 1, tzinfo=UTC).timestamp())
STEP = 12 * 3600


def wall(zone, instant):
    return datetime.fromtimestamp(instant, zone).replace(tzinfo=None)


def offset(zone, instant):
    return wall(zone, instant) - datetime.fromtimestamp(instant, UTC).replace(tzinfo=None)


def jumps(zone):
    """Every instant from which the zone's offset is another, found by halving."""
    before = offset(zone, FIRST)
    for end in range(FIRST + STEP, LAST, STEP):
        after = offset(zone, end)
        if after != before:
            low, high = end - STEP, end
            while high - low > 1:
                middle = (low + high) // 2
                if offset(zone, middle) == before:
                    low = middle
                else:
                    high = middle
            yield high
            before = after


def instants(jump):
    yield jump - 1
    yield from (jump + hour * 3600 for hour in range(-72, 73))


def digest(zone, found):
    labels = hashlib.sha256()
    for jump in found:
        for instant in instants(jump):
            now = wall(zone, instant)
            for start in STARTS:
                labels.update((now - start).date().toordinal().to_bytes(4, "little"))
    return labels.hexdigest()


zoneinfo.reset_tzpath([])
print(tzdata.IANA_VERSION)
for name in sorted(zoneinfo.available_timezones()):
    zone = zoneinfo.ZoneInfo(name)
    found = list(jumps(zone))
    print(name, digest(zone, found), *found)
    print(name, file=sys.stderr)
