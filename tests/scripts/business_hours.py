#!/usr/bin/env python3
"""Business hours minute by minute: every minute of a span is converted to local time and asked whether it is open.

  business_hours.py settings                          the calendars below as settings.toml
  business_hours.py spans SEED COUNT                  random spans with their business length, one JSON object a line
  business_hours.py kpis WAITS SESSIONS ZONE AS_OF    what KPIs by week and channel are, from rows of facts as NDJSON

Times are whole microseconds since 1970-01-01 UTC inside. Needs Python 3.9 or later and a time zone database.
"""
import collections
import datetime as dt
import json
import random
import sys
from zoneinfo import ZoneInfo

US = 1_000_000
MINUTE = 60 * US
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
TARGETS_US = {"first_response_time": 600 * US, "average_response_time": 600 * US, "resolution_time": 1800 * US}

# By name: versions (from which date, zone, hours of the days that change) and holidays, hours in minutes of the day.
CALENDARS = {
    "support": (
        [
            (None, "Europe/Berlin", {**{day: [(540, 1020)] for day in range(5)}, 5: [(600, 720), (780, 900)]}),
            ("2025-03-01", None, {4: []}),
            ("2025-10-26", None, {6: [(60, 240)]}),
        ],
        {"2025-01-01": [], "2025-02-14": [(540, 720), (765, 800)], "2025-03-30": [(90, 200)]},
    ),
    "night": (
        [(None, "America/New_York", {day: [(1320, 1800)] for day in range(7)})],
        {"2025-03-09": [(0, 240), (1380, 1560)], "2025-11-02": [], "2025-02-03": []},
    ),
    "howe": (
        [
            (None, "Australia/Lord_Howe", {day: [(75, 165), (480, 1200)] for day in range(7)}),
            ("2025-04-08", "Asia/Kathmandu", {0: [(1200, 1500)]}),
            ("2025-04-10", "Australia/Lord_Howe", {}),
        ],
        {},
    ),
    "kathmandu": ([(None, "Asia/Kathmandu", {day: [(540, 1080)] for day in (6, 0, 1, 2, 3, 4)})], {}),
    "always": ([(None, "UTC", {day: [(0, 1440)] for day in range(7)})], {}),
}

# Which calendar holds for what: settings by their names.
NAMED = {
    "business_hours.calendar": "support",
    "business_hours.channel.email": "night",
    "business_hours.channel.sms": "kathmandu",
    "business_hours.team.billing": "always",
    "source.acme-mail.business_hours.calendar": "kathmandu",
    "source.acme-mail.business_hours.team.technical": "howe",
}

# Instants around which spans are interesting: changes of clocks, of calendars, of the year.
AROUND = [
    "2025-03-30T01:00:00+00:00", "2025-10-26T01:00:00+00:00", "2025-03-09T07:00:00+00:00", "2025-11-02T06:00:00+00:00",
    "2025-04-05T15:00:00+00:00", "2025-10-04T15:30:00+00:00", "2025-04-09T00:00:00+00:00", "2025-01-01T00:00:00+00:00",
    "2025-03-01T00:00:00+00:00", "2025-02-03T12:00:00+00:00",
]


def micros(text):
    delta = dt.datetime.fromisoformat(text.replace("Z", "+00:00")) - EPOCH
    return (delta.days * 86_400 + delta.seconds) * US + delta.microseconds


def spelled(hours):
    clock = lambda minute: f"{minute // 60:02}:{minute % 60:02}"
    end = lambda minute: minute if minute <= 1440 else minute - 1440
    return ", ".join(f"{clock(a)}-{clock(end(b))}" for a, b in hours) or "closed"


def settings():
    lines = []
    for name, (versions, holidays) in CALENDARS.items():
        for start, zone, week in versions:
            if start is None:
                lines.append(f"[calendars.{name}]")
                if holidays:
                    dates = [f'"{date} {spelled(hours)}"' if hours else f'"{date}"' for date, hours in holidays.items()]
                    lines.append(f"holidays = [{', '.join(dates)}]")
            else:
                lines += [f"[[calendars.{name}.versions]]", f'from = "{start}"']
            if zone:
                lines.append(f'zone = "{zone}"')
            lines += [f'{WEEKDAYS[day]} = "{spelled(hours)}"' for day, hours in sorted(week.items())]
    for key, name in NAMED.items():
        table, last = key.rsplit(".", 1)
        lines += [f"[{table}]" if f"[{table}]" not in lines else f"# {table}", f'{last} = "{name}"']
    return "\n".join(lines) + "\n"


class Calendar:
    def __init__(self, name):
        versions, self.holidays = CALENDARS[name]
        self.weeks, zone, week = [], None, {}
        for start, new_zone, changes in versions:
            zone, week = new_zone or zone, {**week, **changes}
            self.weeks.append((start or "0000-00-00", ZoneInfo(zone), week))
        self.known = {}

    def week(self, date):
        return [week for week in self.weeks if week[0] <= date.isoformat()][-1]

    def hours(self, date):
        """The hours that begin on a date, in minutes of that date."""
        if date.isoformat() in self.holidays:
            return self.holidays[date.isoformat()]
        return self.week(date)[2].get(date.weekday(), [])

    def is_open(self, minute):
        """Whether the calendar is open in a minute, counted since 1970 UTC."""
        if minute not in self.known:
            self.known[minute] = any(self.is_open_by(week, minute) for week in self.weeks)
        return self.known[minute]

    def is_open_by(self, week, minute):
        local = dt.datetime.fromtimestamp(minute * 60, week[1])
        today, of_day = local.date(), local.hour * 60 + local.minute
        yesterday = today - dt.timedelta(days=1)
        if self.week(today) is week and any(a <= of_day < b for a, b in self.hours(today)):
            return True
        begun = self.week(yesterday) is week and today.isoformat() not in self.holidays
        return begun and any(a <= of_day + 1440 < b for a, b in self.hours(yesterday))

    def length(self, start, end):
        """The open part of a span; zones and hours are whole minutes, so a minute is open or closed as a whole."""
        total, at = 0, start
        while at < end:
            after = min((at // MINUTE + 1) * MINUTE, end)
            if self.is_open(at // MINUTE):
                total += after - at
            at = after
        return total


def spans(seed, count):
    numbers = random.Random(seed)
    calendars = {name: Calendar(name) for name in CALENDARS}
    for row in range(count):
        name = numbers.choice(list(CALENDARS))
        if row % 3:
            start = micros(numbers.choice(AROUND)) + numbers.randrange(-3 * 86_400 * US, 2 * 86_400 * US)
        else:
            start = micros("2024-12-20T00:00:00Z") + numbers.randrange(380 * 86_400 * US)
        length = numbers.choice([3_600, 86_400, 4 * 86_400])
        end = start + numbers.randrange(length * US)
        yield {"row": row, "calendar": name, "from_us": start, "to_us": end, "us": calendars[name].length(start, end)}


def calendar_for(row):
    """The team goes before the channel, that before everything; in each case the source before the archive."""
    for kind in (f"team.{row.get('team')}", f"channel.{row.get('channel')}", "calendar"):
        for prefix in (f"source.{row['source']}.", ""):
            name = NAMED.get(f"{prefix}business_hours.{kind}")
            if name:
                return name
    raise SystemExit(f"no calendar for {row}")


def percentile(values, q):
    values = sorted(values)
    x = q * (len(values) - 1)
    low = int(x)
    return values[low] + (values[min(low + 1, len(values) - 1)] - values[low]) * (x - low)


def summary(lengths):
    seconds = [us / US for us in lengths]
    fields = {"n": len(seconds), "mean_s": sum(lengths) / len(lengths) / US if lengths else None}
    for name, q in (("p50_s", .5), ("p90_s", .9), ("p95_s", .95)):
        fields[name] = percentile(seconds, q) if seconds else None
    fields["max_s"] = max(seconds) if seconds else None
    return fields


def within(met, breached):
    return met / (met + breached) if met + breached else None


def groups(rows, time, zone):
    """Rows by the Monday of their local week, and by channel."""
    found = collections.defaultdict(list)
    for row in rows:
        local = (EPOCH + dt.timedelta(microseconds=micros(row[time]))).astimezone(zone).date()
        found[((local - dt.timedelta(days=local.weekday())).isoformat(), row.get("channel"))].append(row)
    return found


def kpis(waits, sessions, zone, as_of):
    calendars = {name: Calendar(name) for name in CALENDARS}
    length = lambda row, start, end: calendars[calendar_for(row)].length(micros(start), micros(end))
    for row in waits:
        row["us"] = length(row, row["opened_at"], row["ended_at"]) if row["end_reason"] == "replied" else None
        row["age"] = length(row, row["opened_at"], as_of) if row["end_reason"] == "open" else None
    for name in ("first_response_time", "average_response_time", "longest_wait_time"):
        counted = [row for row in waits if row["is_first"] or name != "first_response_time"]
        for (bucket, channel), rows in groups(counted, "opened_at", zone).items():
            replied = [row for row in rows if row["us"] is not None]
            group = {"kpi": name, "bucket": bucket, "channel": channel}
            if name == "longest_wait_time":
                ages = [row["age"] for row in rows if row["age"] is not None]
                order = lambda row: (-row["us"], micros(row["opened_at"]), row["conversation_id"])
                longest = min(replied, key=order, default={})
                yield {**group, "max_s": longest["us"] / US if longest else None,
                       "conversation_id": longest.get("conversation_id"),
                       "oldest_open_s": max(ages) / US if ages else None}
                continue
            met = sum(row["us"] <= TARGETS_US[name] for row in replied)
            late = sum(row["age"] is not None and row["age"] > TARGETS_US[name] for row in rows)
            breached = len(replied) - met + late + sum(row["end_reason"] == "abandoned" for row in rows)
            yield {**group, **summary([row["us"] for row in replied]),
                   "n_open": sum(row["age"] is not None for row in rows), "n_within_target": met,
                   "n_breached": breached, "within_target": within(met, breached)}
    resolved = [row for row in sessions if row.get("resolution_us") is not None]
    for row in resolved:
        start = row["first_inbound_at"] if row["initiated_by"] == "agent" else row["opened_at"]
        row["us"] = length(row, start, row["closed_at"])
    for (bucket, channel), rows in groups(resolved, "closed_at", zone).items():
        met = sum(row["us"] <= TARGETS_US["resolution_time"] for row in rows)
        yield {"kpi": "resolution_time", "bucket": bucket, "channel": channel, **summary([row["us"] for row in rows]),
               "within_target": within(met, len(rows) - met)}


def main(arguments):
    if arguments[:1] == ["settings"]:
        print(settings(), end="")
    elif arguments[:1] == ["spans"]:
        for row in spans(int(arguments[1]), int(arguments[2])):
            print(json.dumps(row))
    elif arguments[:1] == ["kpis"]:
        waits, sessions = ([json.loads(line) for line in open(path, encoding="utf-8")] for path in arguments[1:3])
        for row in kpis(waits, sessions, ZoneInfo(arguments[3]), arguments[4]):
            print(json.dumps(row))
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
