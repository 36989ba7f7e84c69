#!/usr/bin/env python3
"""What the seed tables of a warehouse hold, by the plain way: `warehouse_seeds.py FOLDER` prints one JSON object.

By table the number of different events: messages that were not lost, tickets that were not deleted, changes of status,
of assignee and of group, parts of conversations, contacts that unsubscribed.
"""
import csv
import json
import sys
from collections import defaultdict


def rows(folder, table):
    with open(f"{folder}/{table}.csv", newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def main(folder):
    found = defaultdict(lambda: defaultdict(set))
    for row in rows(folder, "twilio_message"):
        if row["direction"] == "inbound" or row["status"] not in ("failed", "undelivered", "canceled"):
            found["twilio_message"]["message"].add(row["id"])
    for row in rows(folder, "zendesk_ticket"):
        if row["status"] != "deleted":
            found["zendesk_ticket"]["opened"].add(row["id"])
    for row in rows(folder, "zendesk_ticket_field_history"):
        changes = found["zendesk_ticket_field_history"]
        change = (row["ticket_id"], row["field_name"], row["updated"], row["value"])
        if row["field_name"] == "status":
            if row["value"] in ("solved", "closed"):
                changes["closed"].add(change)
            elif row["value"] == "open":
                changes["reopened"].add(change)
        elif row["field_name"] in ("assignee_id", "group_id") and row["value"]:
            changes["assigned"].add(change)
    for row in rows(folder, "intercom_conversation_history"):
        if row["_fivetran_active"].lower() == "true":
            found["intercom_conversation_history"]["message"].add(row["source_id"])
    for row in rows(folder, "intercom_conversation_part_history"):
        if row["_fivetran_active"].lower() != "true":
            continue
        parts, kind, body = found["intercom_conversation_part_history"], row["part_type"], row["body"].strip()
        step = {"close": "closed", "open": "reopened", "snoozed": "snoozed", "unsnoozed": "unsnoozed"}.get(kind)
        if step:
            parts[step].add(row["id"])
        if "assignment" in kind:
            parts["assigned"].add(row["id"])
        if kind in ("comment", "note") or (body and (kind in ("close", "open") or "assignment" in kind)):
            parts["message"].add(row["id"])
    for row in rows(folder, "intercom_contact_history"):
        wish = {"true": "opted_out", "false": "opted_in"}.get(row["unsubscribed_from_emails"].lower())
        if wish:
            found["intercom_contact_history"][wish].add((row["id"], row["updated_at"]))
    print(json.dumps({table: {kind: len(ids) for kind, ids in kinds.items()} for table, kinds in found.items()}))


main(sys.argv[1])
