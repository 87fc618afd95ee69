"""Prometheus: its text format, and the server itself, scraping heraldd."""

import json
import re
from pathlib import Path
from urllib.parse import urlencode

from lab import web
from lab.network import Namespace
from lab.waiting import wait_until

PORT = 9090
SAMPLE = re.compile(r'^(?P<name>[a-z_]+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)$')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')


def parse(text: str) -> dict:
    """The samples by name, each a dict from its labels, sorted, to its value."""
    samples: dict = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        match = SAMPLE.match(line)
        assert match, f"no sample: {line!r}"
        labels = tuple(sorted(LABEL.findall(match["labels"] or "")))
        values = samples.setdefault(match["name"], {})
        assert labels not in values, f"twice: {line!r}"
        values[labels] = float(match["value"])
    return samples


def families(text: str) -> dict:
    """The types of the families by name."""
    return dict(line.split()[2:4] for line in text.splitlines() if line.startswith("# TYPE "))


class Prometheus:
    """A server in a namespace that scrapes the heraldd there, with herald's own rules."""

    def __init__(self, namespace: Namespace, folder: Path, rules: Path):
        self._namespace, self._folder = namespace, folder
        folder.mkdir()
        (folder / "prometheus.yml").write_text(json.dumps({  # JSON is YAML
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(rules)],
            "scrape_configs": [{"job_name": "herald",
                                "static_configs": [{"targets": [web.LISTEN]}]}],
        }), encoding="utf-8")

    def start(self) -> None:
        """Starts it and returns when it answers."""
        self._namespace.start(
            ["prometheus", f"--config.file={self._folder}/prometheus.yml",
             f"--storage.tsdb.path={self._folder}/data",
             f"--web.listen-address={web.ADDRESS}:{PORT}"], self._folder / "prometheus.log")
        wait_until("Prometheus is ready", self._ready, 60.0)

    def _ready(self) -> bool:
        try:
            return web.fetch(self._namespace, "/-/ready", port=PORT)[0] == 200
        except OSError:
            return False

    def ask(self, path: str, **parameters: str) -> dict:
        """The data of an answer of its API."""
        status, _, body = web.fetch(self._namespace, f"/api/v1/{path}?{urlencode(parameters)}",
                                    port=PORT)
        assert status == 200, body
        return json.loads(body)["data"]

    def query(self, expression: str) -> list:
        """The vector that an expression gives now."""
        return self.ask("query", query=expression)["result"]
