#!/usr/bin/env python3
"""Reads a version of a Delta table with the deltalake package, one JSON object a line: read_delta.py TABLE VERSION [COLUMN VALUE]

With a column and a value only the rows that have it, filtered by the package, which looks at the log's statistics first.

Instants are written as RFC 3339. The partition column is among the columns, as the table's schema says.
"""
import datetime as dt
import json
import os
import sys

from deltalake import DeltaTable


def plain(value):
    return value.astimezone(dt.timezone.utc).isoformat() if isinstance(value, dt.datetime) else value


def main(path, version, *wanted):
    filters = [(wanted[0], "=", wanted[1])] if wanted else None
    table = DeltaTable(path, version=int(version)).to_pyarrow_table(filters=filters)
    for row in table.to_pylist():
        print(json.dumps({name: plain(value) for name, value in row.items()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
    sys.stdout.flush()
    # Everything is said. The packages' threads may still run, and ending the interpreter under them can abort it.
    os._exit(0)
