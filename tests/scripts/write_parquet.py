#!/usr/bin/env python3
"""Writes canonical events (NDJSON) as Parquet with pyarrow: write_parquet.py EVENTS.ndjson OUT.parquet"""
import datetime as dt
import json
import sys

import pyarrow as pa
import pyarrow.parquet as pq

TEXT = ["source", "event_id", "event_type", "conversation_id", "contact_id", "channel", "direction", "author",
        "agent_id", "team", "topic", "target_event_id", "body"]
FLAGS = ["private", "automated"]


def main(source, target):
    with open(source, encoding="utf-8") as lines:
        events = [json.loads(line) for line in lines if line.strip()]
    times = [dt.datetime.fromisoformat(e["occurred_at"].replace("Z", "+00:00")) for e in events]
    columns = {name: pa.array([e.get(name) for e in events], pa.string()) for name in TEXT}
    columns |= {name: pa.array([e.get(name) for e in events], pa.bool_()) for name in FLAGS}
    columns["occurred_at"] = pa.array(times, pa.timestamp("us", tz="UTC"))
    pq.write_table(pa.table(columns), target, row_group_size=1000)


if __name__ == "__main__":
    main(*sys.argv[1:])
