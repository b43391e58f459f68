"""Chromium without a window, told what to do over a pipe: no driver and no port is needed.

As a command it takes screenshots: python -m tests.page.browser PAGE.html FOLDER
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import selectors
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

CHROMIUM: Final = shutil.which("chromium") or shutil.which("google-chrome")
AXE: Final = Path(os.environ.get("AXE", "axe.min.js"))
"""The checker of accessibility."""
_OPTIONS: Final = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe"),
)
_SECONDS: Final = 60.0  # after which nothing is waited for any more
_PHONE: Final = 360


class Page:
    """A tab, by the DevTools protocol."""

    def __init__(self, reads: int, writes: int) -> None:
        self.events: list[dict[str, Any]] = []
        self._reads, self._writes = reads, writes
        self._rest, self._numbers, self._session = b"", itertools.count(1), ""
        self._selector = selectors.DefaultSelector()
        self._selector.register(reads, selectors.EVENT_READ)
        tab = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=tab, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Performance.enable", timeDomain="threadTicks")  # not those of other processes

    def call(self, method: str, **params: Any) -> Any:
        """Call a method, and return its result."""
        number = next(self._numbers)
        said: dict[str, Any] = {"id": number, "method": method, "params": params}
        said |= {"sessionId": self._session} if self._session else {}
        os.write(self._writes, json.dumps(said).encode() + b"\0")
        while (message := self._next()).get("id") != number:
            self.events.append(message)
        assert "error" not in message, message
        return message["result"]

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            assert self._selector.select(_SECONDS), "Chromium does not answer"
            part = os.read(self._reads, 1 << 20)
            assert part, "Chromium has ended"
            self._rest += part
        line, _, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(line)
        return found

    def open(self, path: Path, width: int = 1200, height: int = 900, scheme: str = "light") -> None:
        """Open a file, and wait until it has been painted."""
        self.size(width, height)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", features=features)
        self.events.clear()
        self.call("Page.navigate", url=path.resolve().as_uri())
        while not self.run("document.readyState == 'complete' && location.protocol == 'file:'"):
            time.sleep(0.01)
        self.settle()

    def busy(self) -> float:
        """Return how many milliseconds of a processor its page has taken, and those before it."""
        found = self.call("Performance.getMetrics")["metrics"]
        return 1000 * next(float(m["value"]) for m in found if m["name"] == "TaskDuration")

    def settle(self) -> None:
        """Wait until what was drawn is on the screen, which is two frames later."""
        self.run("new Promise(f => requestAnimationFrame(() => requestAnimationFrame(() => f())))")

    def text_without_scripts(self) -> str:
        """Return what a browser shows of the page that runs no scripts."""
        self.call("Emulation.setScriptExecutionDisabled", value=True)
        self.events.clear()
        self.call("Page.reload")
        while not any(each.get("method") == "Page.loadEventFired" for each in self.events):
            self.events.append(self._next())
        found = json.dumps(self.call("DOM.getDocument", depth=-1))
        self.call("Emulation.setScriptExecutionDisabled", value=False)
        return found

    def size(self, width: int, height: int = 900) -> None:
        """Make the window so large."""
        about = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **about)

    def run(self, script: str) -> Any:
        """Return what an expression of JavaScript is, or promises."""
        found = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def key(self, key: str) -> None:
        """Press a key, named as JavaScript does."""
        text = {"text": "\r"} if key == "Enter" else {"text": key} if len(key) == 1 else {}
        code = {"Enter": 13, "Tab": 9, "Escape": 27, " ": 32}.get(key, 0)
        about = {"key": key, "windowsVirtualKeyCode": code, **text}
        self.call("Input.dispatchKeyEvent", type="keyDown", **about)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def hover(self, x: float, y: float) -> None:
        """Move the pointer."""
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def click(self, selector: str) -> None:
        """Click on the middle of the first element of a selector."""
        x, y = self.run(
            f"(() => {{ const node = document.querySelector({json.dumps(selector)});"
            "node.scrollIntoView({block: 'center'}); const box = node.getBoundingClientRect();"
            "return [box.left + box.width / 2, box.top + box.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            about = {"x": x, "y": y, "button": "left", "clickCount": 1}
            self.call("Input.dispatchMouseEvent", type=kind, **about)

    def complaints(self) -> list[str]:
        """Return what was logged as an error or a warning, or thrown."""
        self.run("1")  # what was on its way has come
        bad = {"Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"}
        return [json.dumps(e["params"]) for e in self.events if e.get("method") in bad]

    def requests(self) -> list[str]:
        """Return the addresses that were asked for; those of data are in the page itself."""
        sent = [e["params"] for e in self.events if e.get("method") == "Network.requestWillBeSent"]
        return [u for each in sent if not (u := each["request"]["url"]).startswith("data:")]

    def picture(self, path: Path) -> None:
        """Take a screenshot of the whole page."""
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def print(self, path: Path) -> None:
        """Print it as PDF."""
        path.write_bytes(
            base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"])
        )


@contextmanager
def chromium() -> Iterator[Page]:
    """Start Chromium, and yield its page."""
    assert CHROMIUM
    (its_in, our_out), (our_in, its_out) = os.pipe(), os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        shell = 'exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null'  # where it looks for pipes
        command = ["sh", "-c", shell, CHROMIUM, *_OPTIONS, f"--user-data-dir={profile}"]
        started = subprocess.Popen(command, stdin=its_in, stdout=its_out, stderr=subprocess.DEVNULL)
        os.close(its_in)
        os.close(its_out)
        try:
            yield Page(our_in, our_out)
        finally:
            os.close(our_out)  # at the end of its pipe, it ends
            os.close(our_in)
            try:
                started.wait(10)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()


def screenshots(path: Path, folder: Path) -> None:
    """Show a page in light, in dark, on a phone, in grey, and printed."""
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as page:
        for name, width, scheme in (
            ("light", 1200, "light"),
            ("dark", 1200, "dark"),
            ("phone", _PHONE, "light"),
        ):
            page.open(path, width, scheme=scheme)
            page.picture(folder / f"{path.stem}_{name}.png")
        page.open(path)
        page.run("document.documentElement.style.filter = 'grayscale(1)'")
        page.picture(folder / f"{path.stem}_grey.png")
        page.print(folder / f"{path.stem}.pdf")
        assert not page.complaints(), page.complaints()


if __name__ == "__main__":
    screenshots(Path(sys.argv[1]), Path(sys.argv[2]))
