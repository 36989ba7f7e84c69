#!/usr/bin/env python3
"""What the service requests of Boston say, by the plain way: `boston311.py FILE...` prints one JSON object.

Requests opened, closed, still open, closed before they were opened; how many times a clock change skipped or doubled;
and of the closed ones the mean seconds from opening to close by `Source` and by local month of the close.
"""
import csv
import json
import sys
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/New_York")
shifted = {"skipped": 0, "doubled": 0}


def instant(text):
    """UTC of a local time: the first of two, and for a skipped one the change itself."""
    if not text:
        return None
    local = datetime.strptime(text, "%m/%d/%Y %I:%M:%S %p")
    first = local.replace(tzinfo=ZONE, fold=0)
    second = local.replace(tzinfo=ZONE, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(timezone.utc)
    if first.astimezone(timezone.utc).astimezone(ZONE).replace(tzinfo=None) == local:
        shifted["doubled"] += 1
        return first.astimezone(timezone.utc)
    shifted["skipped"] += 1
    # Half an hour too late by the clock before the change is half an hour behind the change: go back to it.
    change = first.astimezone(timezone.utc)
    while (change - timedelta(seconds=1)).astimezone(ZONE).utcoffset() == change.astimezone(ZONE).utcoffset():
        change -= timedelta(seconds=1)
    return change


def means(groups):
    return {name: {"n": len(spans), "mean_s": sum(spans) / len(spans)} for name, spans in sorted(groups.items())}


requests = {}
for path in sys.argv[1:]:
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            requests[row["CASE_ENQUIRY_ID"]] = row

counts = {"opened": 0, "closed": 0, "still_open": 0, "closed_before_opened": 0}
by_source, by_month = defaultdict(list), defaultdict(list)
for row in requests.values():
    opened, closed = instant(row["OPEN_DT"]), instant(row["CLOSED_DT"])
    counts["opened"] += 1
    if closed is None:
        counts["still_open"] += 1
        continue
    counts["closed"] += 1
    if closed < opened:
        counts["closed_before_opened"] += 1
        continue
    seconds = (closed - opened).total_seconds()
    by_source[row["Source"]].append(seconds)
    by_month[closed.astimezone(ZONE).strftime("%Y-%m-01")].append(seconds)

print(json.dumps({**counts, **shifted, "by_source": means(by_source), "by_month": means(by_month)}))
