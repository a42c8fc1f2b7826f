"""Figures of an Apache access log, counted without anything of LogPulse: JSON on standard output.

    python3 tests/access-log-figures.py FILE
"""

import json
import re
import sys
from collections import Counter, defaultdict
from datetime import datetime, timezone

LINE = re.compile(
    r'(?P<ip>\S+) .*? \[(?P<time>[^\]]+)\] "(?P<request>[^"]*)" (?P<status>\d+) (?P<bytes>\S+)'
    r'(?: "(?P<referer>[^"]*)" "(?P<agent>[^"]*)")?'
)


def figures(path):
    by_hour = defaultdict(Counter)
    statuses, methods, agents = Counter(), Counter(), Counter()
    paths, path_statuses = Counter(), defaultdict(Counter)
    addresses = Counter()
    addresses_by_day = defaultdict(set)
    response_bytes = 0
    errors_by_day = defaultdict(Counter)
    for line in open(path, encoding="utf-8"):
        found = LINE.match(line)
        status = found["status"]
        hour = datetime.strptime(found["time"], "%d/%b/%Y:%H:%M:%S %z").astimezone(timezone.utc)
        by_hour[hour.strftime("%Y-%m-%dT%H:00:00Z")][status] += 1
        day = hour.strftime("%Y-%m-%dT00:00:00Z")
        errors_by_day[day][status] += 1
        addresses_by_day[day].add(found["ip"])
        statuses[status] += 1
        method, path = found["request"].split(" ", 1)
        methods[method] += 1
        if found["agent"] not in (None, "-"):
            agents[found["agent"]] += 1
        bare = path.rsplit(" ", 1)[0].split("?")[0]
        paths[bare] += 1
        path_statuses[bare][status] += 1
        addresses[found["ip"]] += 1
        response_bytes += 0 if found["bytes"] == "-" else int(found["bytes"])
    return {
        "requests": sum(statuses.values()),
        "response_bytes": response_bytes,
        "unique_ips": len(addresses),
        "unique_ips_by_day": {day: len(found) for day, found in addresses_by_day.items()},
        "statuses": statuses,
        "statuses_by_hour": by_hour,
        "statuses_by_day": errors_by_day,
        "methods": methods,
        "agents": agents,
        "paths": paths,
        "path_statuses": path_statuses,
        "addresses": addresses,
    }


json.dump(figures(sys.argv[1]), sys.stdout)
