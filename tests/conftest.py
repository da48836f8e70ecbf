"""No test touches the user's own progress. The cache is left where it is: training once per machine is enough."""

import os
import tempfile

_folder = tempfile.TemporaryDirectory(prefix="course-tests-")
os.environ["COURSE_DATA_DIR"] = _folder.name
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
