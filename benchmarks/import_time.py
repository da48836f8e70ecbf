"""How long `import course_utils` takes in a fresh process, and `course --help` from start to end.

    python benchmarks/import_time.py

Writes import_time.json beside it. Times are medians; the import's is what it adds to an empty Python.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 15


def import_seconds() -> float:
    """Measured inside the new process, around the import alone."""
    program = "import time; t = time.perf_counter(); import course_utils; print(time.perf_counter() - t)"
    return float(
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    )


def help_seconds() -> float:
    """What somebody who types `course --help` waits."""
    program = "import sys; sys.argv = ['course', '--help']; from course_utils.cli import main; main()"
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    return time.perf_counter() - start


def main() -> None:
    figures = {
        "import_course_utils_seconds": round(statistics.median(import_seconds() for _ in range(RUNS)), 4),
        "course_help_seconds": round(statistics.median(help_seconds() for _ in range(RUNS)), 3),
        "runs": RUNS,
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "python": platform.python_version(),
            "cores": os.cpu_count(),
        },
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
