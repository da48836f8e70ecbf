"""Peak memory and wall time of a lesson, run from top to bottom in a kernel of its own.

    python benchmarks/lesson_memory.py solutions/4_logits_to_labels.ipynb

The fine-tuned model should be in the cache already (`checkpoints.fine_tuned()`), unless training is to be measured
too. Writes lesson_memory.json beside this file. Unix only: the peak is the kernel's `ru_maxrss`.
"""

import json
import os
import platform
import resource
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

RESULTS = Path(__file__).with_suffix(".json")


def measure(path: Path) -> dict[str, float]:
    """Seconds and gigabytes that running the notebook takes, the kernel's start included."""
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "COURSE_DATA_DIR": folder}
        started = time.perf_counter()
        client = NotebookClient(notebook, timeout=1800, resources={"metadata": {"path": str(path.parent)}})
        client.execute(env=environment)
        seconds = time.perf_counter() - started
    kilobytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    if sys.platform == "darwin":  # bytes there
        kilobytes /= 1024
    return {"seconds": round(seconds, 1), "peak_gigabytes": round(kilobytes / 1024**2, 2)}


if __name__ == "__main__":
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in sys.argv[1:] or ["solutions/4_logits_to_labels.ipynb"]:
        found = measure(Path(name)) | {
            "cores": os.cpu_count(),
            "machine": platform.machine(),
            "python": platform.python_version(),
        }
        results[Path(name).name] = found
        print(name, found)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
