"""For schools that have a system already: the archive that Gradescope runs.

Gradescope unpacks the archive into /autograder/source, runs `setup.sh` once, and for each submission `run_autograder`,
which finds the learner's files in /autograder/submission and leaves /autograder/results/results.json.
Source: https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

import json
import secrets
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

import course_utils
from course_utils.grading import lms
from course_utils.grading.page import write

SETUP = """\
#!/usr/bin/env bash
# Installs the course. Needs Python 3.11 or later: choose a base image of Ubuntu 24.04 or later.
set -euo pipefail
apt-get update -qq
apt-get install -y -qq --no-install-recommends git python3 python3-venv
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Choose a base image with Python 3.11 or later.")'
python3 -m venv /autograder/venv
/autograder/venv/bin/pip install --quiet torch --index-url https://download.pytorch.org/whl/cpu
/autograder/venv/bin/pip install --quiet "attention-to-labels @ git+{repository}@{version}"
"""

RUN = """\
#!/usr/bin/env bash
root="${{COURSE_AUTOGRADER:-/autograder}}"
cd "$root"
exec "${{COURSE_PYTHON:-$root/venv/bin/python}}" -m course_utils.grading.export "$root" {seed}
"""


def gradescope_archive(path: Path, version: str = "main", seed: int | None = None) -> int:
    """Write the archive. Gives the seed that all submissions will be graded with.

    Args:
        path: the zip file to write.
        version: a branch, tag or commit of the course's repository, which the graders will install.
        seed: settles the hidden inputs; a new one, if not given.
    """
    seed = secrets.randbits(32) if seed is None else seed
    files = {
        "setup.sh": SETUP.format(repository=course_utils.REPOSITORY, version=version),
        "run_autograder": RUN.format(seed=seed),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name, date_time=(2000, 1, 1, 0, 0, 0))
            entry.external_attr = 0o755 << 16
            archive.writestr(entry, text)
    partial.replace(path)
    return seed


def grade_as_gradescope(root: Path, seed: int) -> None:
    """Grade what lies in `root/submission` into `root/results/results.json`, whatever lies there."""
    from course_utils.grading.gradebook import NAME, records
    from course_utils.grading.run import grade_folder
    from course_utils.grading.server import SandboxError
    from course_utils.grading.summary import summary

    with tempfile.TemporaryDirectory(prefix="course-gradescope-") as folder:
        # All notebooks of one upload are one learner's, so they go into one folder.
        handed, out = Path(folder, "handed"), Path(folder, "out")
        shutil.copytree(root / "submission", handed / "upload", symlinks=True)
        try:
            grade_folder(handed, out, seed, workers=1)
            (learner,) = summary(records(out / NAME).values()).learners
            results = lms.gradescope_of(learner)
        except (ValueError, SandboxError) as error:
            results = lms.gradescope([], why=str(error))
    write(root / "results" / "results.json", json.dumps(results, indent=1))


if __name__ == "__main__":
    grade_as_gradescope(Path(sys.argv[1]), int(sys.argv[2]))
