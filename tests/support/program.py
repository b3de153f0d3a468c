"""The ``zhijie`` program and other Python code, in a process of its own from its start to its end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial

from sqlalchemy import Engine

from core.settings import ROOT

Completed = subprocess.CompletedProcess[str]
Run = Callable[..., Completed]
ZHIJIE = "from cli.main import main; main()"


def run_python(code: str, *arguments: object, options: tuple[str, ...] = (), **env: str) -> Completed:
    """Run code with arguments.

    Args:
        options: those of the interpreter, as ``("-W", "error")``.
        env: what is added to the environment.
    """
    return subprocess.run(
        [sys.executable, *options, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | env,
        capture_output=True,
        text=True,
        check=False,
    )


def zhijie_on(engine: Engine, *command: str, options: tuple[str, ...] = (), **env: str) -> Run:
    """Return a function that runs ``zhijie`` on an engine's database: ``command``, then its own arguments.

    Its keyword arguments are added to the environment.
    """
    env = {"ZHIJIE_DATABASE_URL": engine.url.render_as_string(hide_password=False)} | env
    return partial(run_python, ZHIJIE, *command, options=options, **env)
