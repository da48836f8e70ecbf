"""A real JupyterLab in a real Chromium, with every other host blocked. Used by the tests and by `benchmarks/explorers.py`."""

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Playwright, Route, expect

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
)
PANEL = ".jp-NotebookPanel:not(.lm-mod-hidden)"
READY = """() => {
  const session = window.jupyterapp?.shell.currentWidget?.sessionContext;
  const kernel = session?.session?.kernel;
  return session?.isReady && kernel?.connectionStatus === 'connected' && kernel?.status === 'idle';
}"""
ALL_RAN = """() => {
  const cells = [...window.jupyterapp.shell.currentWidget.content.model.cells].filter(cell => cell.type === 'code' && cell.sharedModel.source.trim());
  return cells.every(cell => cell.executionCount !== null) &&
    window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle';
}"""
FAILED = """() => [...window.jupyterapp.shell.currentWidget.content.model.cells].filter(cell => cell.type === 'code')
  .filter(cell => !(cell.getMetadata('tags') ?? []).includes('raises-exception'))
  .flatMap(cell => cell.outputs.toJSON().filter(output => output.output_type === 'error').map(output => `${output.ename}: ${output.evalue}`))"""


def chromium() -> str | None:
    """Where Chromium or Chrome is, or None. `CHROMIUM` names another one."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = (shutil.which(name) for name in (os.environ.get("CHROMIUM", ""), *names) if name)
    return next((path for path in found if path), None)


def start_browser(playwright: Playwright) -> Browser:
    """Chromium without a window."""
    return playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))


@contextlib.contextmanager
def jupyterlab(root: Path, environment: dict[str, str] | None = None) -> Iterator[str]:
    """A JupyterLab of this Python's environment that serves `root`, with settings of its own. Gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    with tempfile.TemporaryDirectory(prefix="course-lab-", ignore_cleanup_errors=True) as own:
        folders = {
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
            "IPYTHONDIR": "ipython",
        }
        env = {
            **os.environ,
            **{name: f"{own}/{folder}" for name, folder in folders.items()},
            **(environment or {}),
        }
        news = Path(own, "settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings")
        news.parent.mkdir(parents=True)
        news.write_text(
            json.dumps({"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True})
        )
        log = Path(own, "lab.log")
        command = [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1"),
            *(f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"),
            *(
                f"--ServerApp.root_dir={root}",
                "--LabApp.expose_app_in_browser=True",
                "--LabApp.news_url=None",
            ),
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        ]
        with log.open("w") as out:
            server = subprocess.Popen(
                command, env=env, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
            )
        try:
            _wait_for(f"http://127.0.0.1:{port}/api/status?token={token}", server, log)
            yield f"http://127.0.0.1:{port}/?token={token}"
        finally:
            _stop(server)


def _wait_for(address: str, server: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError("JupyterLab ended before it answered:\n" + log.read_text()[-3000:])
        with contextlib.suppress(OSError):
            urllib.request.urlopen(address, timeout=5).close()
            return
        time.sleep(0.1)
    raise RuntimeError("JupyterLab did not answer within two minutes:\n" + log.read_text()[-3000:])


def _stop(server: subprocess.Popen) -> None:
    """The server and its kernels, which are in its process group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGTERM)
    try:
        server.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


PATIENCE = 120_000
"""Milliseconds to wait for whatever must come at last: machines that test are often busy with something else."""

expect.set_options(timeout=PATIENCE)


class Lab:
    """A browser tab with JupyterLab in it. `complaints` holds what must not happen: errors and outside requests."""

    def __init__(
        self, browser: Browser, address: str, root: Path, width: int = 1280, height: int = 900
    ) -> None:
        self.address, self.root = address, root
        self.context = browser.new_context(viewport={"width": width, "height": height})
        self.context.set_default_timeout(PATIENCE)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.context.route("**/*", self._only_the_server)
        self.page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))
        self.page.on("console", self._console)

    def _only_the_server(self, route: Route) -> None:
        own = self.address.split("/?")[0]
        if route.request.url.startswith((own, "data:", "blob:")):
            route.continue_()
        else:
            self.complaints.append(f"outside request: {route.request.url}")
            route.abort()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text} ({message.location.get('url', '')})")

    def open(self, name: str) -> None:
        """Open a notebook of the root, in a workspace that nobody has used, and wait until its kernel can work."""
        base, token = self.address.split("/?")
        self.page.goto(f"{base}/lab/workspaces/w{secrets.token_hex(4)}/tree/{name}?{token}")
        self.page.wait_for_selector(f"{PANEL} .jp-Notebook .jp-Cell")
        # The status in the corner says "idle" before there is a kernel, and a Run All that is sent then is lost.
        self.page.wait_for_function(READY)

    def write(self, name: str, *cells: str) -> None:
        """A notebook of code cells in the root."""
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}  # or Lab asks which
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells], metadata={"kernelspec": kernel}
        )
        nbformat.write(notebook, self.root / name)

    def run_all(self, timeout: float = 900) -> None:
        """Run every cell and wait until each code cell has run, in seconds."""
        self.command("notebook:run-all-cells")
        # The command's own promise ends early when a cell fails that may fail.
        self.page.wait_for_function(ALL_RAN, timeout=timeout * 1000, polling=250)

    def run_cell(self, index: int, wait: bool = True) -> None:
        """Run one cell, by its place in the notebook, and wait for its end, in seconds."""
        self.page.evaluate(
            """index => { window.ran = false; window.jupyterapp.shell.currentWidget.content.activeCellIndex = index;
                 window.jupyterapp.commands.execute('notebook:run-cell').finally(() => { window.ran = true; }); }""",
            index,
        )
        if wait:
            self.page.wait_for_function("() => window.ran")

    def command(self, name: str, arguments: dict[str, Any] | None = None) -> None:
        """Start a command of JupyterLab, without waiting for its end."""
        self.page.evaluate(
            "([name, given]) => { window.jupyterapp.commands.execute(name, given ?? {}); }", [name, arguments]
        )

    def failures(self) -> list[str]:
        """Errors of cells that are not meant to fail."""
        return self.page.evaluate(FAILED)

    def cells_with_explorers(self) -> list[int]:
        """The places of the cells that show an explorer."""
        return self.page.evaluate(
            """() => [...window.jupyterapp.shell.currentWidget.content.model.cells].flatMap((cell, index) =>
                 cell.type === 'code' && cell.outputs.toJSON().some(output =>
                   output.data?.['application/vnd.jupyter.widget-view+json'] && output.data['image/png']) ? [index] : [])"""
        )

    def find_cell(self, text: str) -> int:
        """The place of the first code cell whose source holds the text."""
        return self.page.evaluate(
            """text => [...window.jupyterapp.shell.currentWidget.content.model.cells]
                 .findIndex(cell => cell.type === 'code' && cell.sharedModel.source.includes(text))""",
            text,
        )

    def set_source(self, index: int, source: str) -> None:
        """Write into a cell."""
        self.page.evaluate(
            """([index, source]) => { window.jupyterapp.shell.currentWidget.content.model.cells.get(index).sharedModel.source = source; }""",
            [index, source],
        )

    def outputs(self, index: int) -> list[dict[str, Any]]:
        """The outputs of a cell as the notebook would hold them."""
        return self.page.evaluate(
            "index => window.jupyterapp.shell.currentWidget.content.model.cells.get(index).outputs.toJSON()",
            index,
        )

    def reveal(self, index: int) -> Locator:
        """Scroll to a cell, which JupyterLab draws only then, and give it."""
        self.page.evaluate(
            """index => { const notebook = window.jupyterapp.shell.currentWidget.content;
                 notebook.activeCellIndex = index; return notebook.scrollToItem(index, 'start'); }""",
            index,
        )
        cell = self.page.locator(f'{PANEL} .jp-Cell[data-windowed-list-index="{index}"]')
        cell.wait_for(state="attached")
        return cell

    def theme(self, name: str) -> None:
        """ "JupyterLab Light" or "JupyterLab Dark"."""
        self.command("apputils:change-theme", {"theme": name})
        light = "true" if name.endswith("Light") else "false"
        self.page.wait_for_selector(f'body[data-jp-theme-light="{light}"]', state="attached")

    def close(self) -> None:
        """Close the tab, and end the kernels that it started: each holds half a gigabyte."""
        self.context.close()
        base, token = self.address.split("/?token=")
        headers = {"Authorization": f"token {token}"}
        with urllib.request.urlopen(urllib.request.Request(f"{base}/api/kernels", headers=headers)) as answer:
            kernels = [kernel["id"] for kernel in json.load(answer)]
        for kernel in kernels:
            request = urllib.request.Request(f"{base}/api/kernels/{kernel}", headers=headers, method="DELETE")
            with contextlib.suppress(urllib.error.HTTPError):  # it has ended by itself
                urllib.request.urlopen(request, timeout=30).close()
