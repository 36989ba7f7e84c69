#!/usr/bin/env python3
"""What a folder of WhatsApp Cloud API deliveries holds, by the plain way: `whatsapp_cloud.py FILE...` prints one JSON object.

Files hold objects of named deliveries. Counted once an id and time (the ids are made up and repeat): messages that are somebody's words, messages that are
revoked, changes of marketing preferences, and first `sent` statuses of messages that no echo shows.
"""
import json
import sys

NO_WORDS = {"reaction", "system", "unsupported", "unknown", "edit", "request_welcome", "revoke"}

messages, revoked, sent, echoed = set(), set(), set(), set()
wishes = {"stop": set(), "resume": set(), "signup": set()}


def value_of(change):
    value = change["value"]
    for message in value.get("messages", []):
        kind = message.get("type")
        if kind == "revoke":
            revoked.add(message["id"])
        elif kind not in NO_WORDS:
            messages.add((message["id"], message["timestamp"]))
    for echo in value.get("message_echoes", []):
        if echo["type"] == "revoke":
            revoked.add(echo["id"])
        elif echo["type"] not in NO_WORDS:
            echoed.add(echo["id"])
    for status in value.get("statuses", []):
        if status["status"] == "sent":
            sent.add(status["id"])
    for preference in value.get("user_preferences", []):
        if preference.get("category") == "marketing_messages":
            wishes[preference["value"]].add((preference["wa_id"], preference["timestamp"]))


for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        for delivery in json.load(file).values():
            for entry in delivery.get("entry", []):
                for change in entry.get("changes", []):
                    value_of(change)

print(json.dumps({
    "inbound": len(messages),
    "outbound": len(sent | echoed),
    "deleted": len(revoked),
    "opted_out": len(wishes["stop"]),
    "opted_in": len(wishes["resume"] | wishes["signup"]),
}))
