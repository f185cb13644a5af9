"""One notebook executed by papermill: what a task's process does, on this machine or on another."""

import logging
import os
import tempfile
from pathlib import Path
from time import perf_counter

from fercourse.course.kernels import kernel_config, kernel_environment
from fercourse.processes import tell

WARM = ("fercourse.course", "papermill")
"""What the process that is forked loads beforehand: 3 seconds that are no lesson's."""


def execute(name, text, parameters, environment, folder):
    """Execute the notebook `text` of a lesson; tell how many cells are done after each.

    parameters: those set from outside. environment: variables for its kernel. folder: where it runs, and is kept as
    notebook.ipynb; where None, a folder of this machine, whose files are returned.
    Returns {"outcome": "executed", also up to a failing cell, or why not to the end, "seconds", "files": name → bytes}.
    """
    environment = kernel_environment(**environment)
    os.environ.clear()
    os.environ.update(environment)
    import papermill

    papermill.log.logger.setLevel(logging.CRITICAL)  # what it would say is in the outcome and in the notebook
    own_folder = folder is None
    folder = Path(tempfile.mkdtemp() if own_folder else folder)
    os.chdir(tempfile.mkdtemp())  # papermill writes into the notebook from where it was read: its bare name
    Path(f"{name}.ipynb").write_text(text, encoding="utf-8")
    began = perf_counter()
    outcome = _execute(f"{name}.ipynb", folder, parameters)
    return {"outcome": outcome, "seconds": perf_counter() - began, "files": _files(folder) if own_folder else {}}


def _execute(notebook, folder, parameters):
    from nbclient.exceptions import DeadKernelError
    from papermill import PapermillExecutionError, execute_notebook

    try:
        execute_notebook(
            notebook,
            f"{folder}/notebook.ipynb",
            parameters=parameters,
            progress_bar=False,
            cwd=folder,
            kernel_name="python3",
            start_timeout=120,
            config=kernel_config(tempfile.gettempdir()),
            on_cell_executed=lambda cell, cell_index, execute_reply: tell(cell_index + 1),
        )
    except PapermillExecutionError:
        return "executed"  # up to a failing cell: papermill kept the notebook with its error
    except DeadKernelError as error:
        return f"the kernel died: {error}"
    return "executed"


def _files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
