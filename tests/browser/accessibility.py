"""axe-core over one part of a page."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

AXE = Axe()


def serious_faults(page: Page, selector: str) -> list[str]:
    """What axe-core finds serious or critical within the selector: rule, what it says, and the element."""
    found = AXE.run(page, context={"include": [[selector]]})
    return [
        f"{fault['id']}: {fault['help']}: {node['html'][:200]} {node.get('failureSummary', '')}"
        for fault in found.response["violations"]
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]
