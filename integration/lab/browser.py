"""Chromium without a window, in a namespace, driven over WebDriver (W3C)."""

import base64
import json
import tempfile
from pathlib import Path

from lab import web
from lab.network import Namespace
from lab.processes import Process
from lab.waiting import wait_until

PORT = 9515
START_SECONDS = 60.0
ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--disable-dev-shm-usage", "--hide-scrollbars")


class Browser:
    """One window. A context manager: leaving it ends the browser."""

    def __init__(self, namespace: Namespace, log: Path):
        self._namespace = namespace
        self._session = ""
        self._home = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._driver: Process = namespace.start(
            ["chromedriver", f"--port={PORT}", "--allowed-ips=127.0.0.1"], log,
            {"HOME": self._home.name, "PATH": "/usr/bin:/bin"})

    def __enter__(self) -> "Browser":
        wait_until("the driver answers", self._ready, START_SECONDS)
        arguments = [*ARGUMENTS, f"--user-data-dir={self._home.name}/profile"]
        options = {"goog:chromeOptions": {"args": arguments},
                   "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        value = self._command("POST", "/session", {"capabilities": {"alwaysMatch": options}})
        self._session = f"/session/{value['sessionId']}"
        return self

    def __exit__(self, *exception: object) -> None:
        if self._session:
            self._command("DELETE", self._session)
        self._driver.kill()
        self._home.cleanup()

    def _ready(self) -> bool:
        try:
            return self._command("GET", "/status")["ready"]
        except OSError:
            return False

    def _command(self, method: str, path: str, content: object = None) -> object:
        connection = web.Connection(self._namespace, PORT, START_SECONDS)
        try:
            connection.request(method, path, None if content is None else json.dumps(content))
            answer = connection.getresponse()
            value = json.loads(answer.read())["value"]
            assert answer.status == 200, value
            return value
        finally:
            connection.close()

    def open(self, url: str) -> None:
        """Loads a page."""
        self._command("POST", f"{self._session}/url", {"url": url})

    def run(self, script: str) -> object:
        """What a script returns that runs in the page."""
        return self._command("POST", f"{self._session}/execute/sync",
                             {"script": script, "args": []})

    def text(self, selector: str = "body") -> str:
        """What a person reads of an element."""
        return self.run(f"return document.querySelector({json.dumps(selector)}).innerText")

    def resize(self, width: int, height: int) -> None:
        """Makes the page as large as this, as a phone's screen say."""
        self._developer("Emulation.setDeviceMetricsOverride",
                        {"width": width, "height": height, "deviceScaleFactor": 1,
                         "mobile": False})

    def prefer(self, scheme: str) -> None:
        """"light" or "dark"."""
        self._developer("Emulation.setEmulatedMedia",
                        {"features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def _developer(self, command: str, parameters: dict) -> None:
        self._command("POST", f"{self._session}/goog/cdp/execute",
                      {"cmd": command, "params": parameters})

    def log(self) -> list:
        """What the page complained of, and what was blocked, since last asked."""
        return [entry["message"] for entry in
                self._command("POST", f"{self._session}/se/log", {"type": "browser"})]

    def requests(self) -> list:
        """The URLs that were asked for since last asked, but for the browser's own pages."""
        entries = self._command("POST", f"{self._session}/se/log", {"type": "performance"})
        messages = [json.loads(entry["message"])["message"] for entry in entries]
        urls = [message["params"]["request"]["url"] for message in messages
                if message["method"] == "Network.requestWillBeSent"]
        return [url for url in urls if not url.startswith("chrome:")]

    def screenshot(self, file: Path) -> None:
        """The window as PNG."""
        picture = self._command("GET", f"{self._session}/screenshot")
        file.write_bytes(base64.b64decode(picture))
