#!/usr/bin/env python3
"""Which events start and stop each clock, by kpi-rules.md sections 1 to 3: drill_events.py EVENTS.ndjson SETTINGS.json [AS_OF]

One JSON object a line. A wait has the question that opened it and what ended it; a session the event at which its resolution
starts and the close; null where no event did it. Settings are session_gap_s, abandon_after_s (null is never) and bots.

Instants are text, RFC 3339 in UTC with six digits, so that they sort as they follow one another.
"""
import datetime as dt
import itertools
import json
import sys

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
MICROSECOND = dt.timedelta(microseconds=1)


def micros(text):
    return (dt.datetime.fromisoformat(text.replace("Z", "+00:00")) - EPOCH) // MICROSECOND


def written(us):
    return (EPOCH + us * MICROSECOND).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def sort_of(event):
    """M1 to M3: what an event is."""
    if event["event_type"] != "message":
        return event["event_type"]
    automated = bool(event.get("automated"))
    if event.get("private"):
        return "other"
    if event.get("direction") == "inbound":
        return "question" if event.get("author", "contact") == "contact" and not automated else "other"
    if event.get("direction") == "outbound":
        if event.get("author") == "agent" and not automated:
            return "answer"
        if event.get("author") == "bot" or automated:
            return "bot"
    return "other"


def place(event):
    """O1: the place of an event within its conversation."""
    kind = event["event_type"]
    if kind in ("opened", "reopened"):
        rank = 0
    elif kind == "opted_in":
        rank = 1
    elif kind == "message":
        rank = 3 if event.get("direction") == "outbound" else 2
    else:
        rank = 5 if kind == "closed" else 4
    return micros(event["occurred_at"]), rank, event["event_id"]


class Conversation:
    """One conversation, read event by event. `session` and `wait` are None while there is none."""

    def __init__(self, settings):
        self.gap = settings.get("session_gap_s")
        self.limit = settings.get("abandon_after_s")
        self.bots_answer = settings.get("bots") == "reply"
        self.session = self.wait = None
        self.waits, self.sessions = [], []

    def end_wait(self, by):
        if self.wait:
            self.waits.append({**self.wait, "ending_event_id": by})
            self.wait = None

    def end_session(self, by):
        session = self.session
        of_agent = session["first"] == "agent"
        self.sessions.append({
            "opened_at": written(session["opened_at"]),
            "start_event_id": session["question"] if of_agent else session["opening"],
            "close_event_id": by,
        })
        self.session = None

    def wait_until(self, now):
        """W5, then S4: what ended by itself before this instant."""
        if self.wait and self.limit is not None:
            end = self.wait["us"] + self.limit * 1_000_000
            if now > end:
                self.end_wait(None)
                self.session["last"] = max(self.session["last"], end)
        if self.session and not self.wait and self.gap is not None and now > self.session["last"] + self.gap * 1_000_000:
            self.end_session(None)

    def read(self, event):
        us, _, name = place(event)
        sort = sort_of(event)
        self.wait_until(us)
        if not self.session:
            if sort not in ("opened", "reopened", "question", "answer"):
                return
            self.session = {"opened_at": us, "opening": name, "question": None, "first": None, "last": us}
        self.session["last"] = us
        if sort == "question":
            self.session["question"] = self.session["question"] or name
            self.session["first"] = self.session["first"] or "contact"
            if not self.wait:
                self.wait = {"us": us, "opened_at": written(us), "opening_event_id": name}
        elif sort == "answer":
            self.session["first"] = self.session["first"] or "agent"
            self.end_wait(name)
        elif sort == "opted_out" or (sort == "bot" and self.bots_answer):
            self.end_wait(name)
        elif sort == "closed":
            self.end_wait(name)
            self.end_session(name)

    def finish(self, as_of):
        self.wait_until(as_of)
        self.end_wait(None)
        if self.session:
            self.end_session(None)


def main(log, settings, as_of=None):
    events = {}
    with open(log, encoding="utf-8") as lines:
        for line in filter(str.strip, lines):
            event = json.loads(line)
            events[event["source"], event["event_id"]] = event
    with open(settings, encoding="utf-8") as text:
        settings = json.load(text)
    now = micros(as_of) if as_of else max(micros(event["occurred_at"]) for event in events.values())
    events = {name: event for name, event in events.items() if micros(event["occurred_at"]) <= now}
    for event in list(events.values()):
        if event["event_type"] == "deleted":
            events[event["source"], event["target_event_id"]] = None
    left = [event for event in events.values() if event and event.get("conversation_id")]
    of = lambda event: (event["source"], event["conversation_id"])
    left.sort(key=lambda event: (*of(event), place(event)))
    for (source, conversation_id), own in itertools.groupby(left, of):
        conversation = Conversation(settings)
        for event in own:
            conversation.read(event)
        conversation.finish(now)
        for clock, rows in (("wait", conversation.waits), ("session", conversation.sessions)):
            for row in rows:
                row.pop("us", None)
                print(json.dumps({"clock": clock, "source": source, "conversation_id": conversation_id, **row}))


if __name__ == "__main__":
    main(*sys.argv[1:])
