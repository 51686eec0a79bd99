"""Chat templates, which write a prompt: programs of strangers, run in a process of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from ..checks import short

# So much a template may take.
_SECONDS, _BYTES = 2, 2**30
# What the other process does, with what stands in its input.
_CHILD = f"""
import json, sys
asked = json.load(sys.stdin)
sys.path[:] = asked["path"]
from jinja2.sandbox import ImmutableSandboxedEnvironment

try:
    # What it took to begin is not the template's.
    import math, resource, time
    seconds = math.ceil(time.process_time()) + {_SECONDS}
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, ({_BYTES}, {_BYTES}))
except (ImportError, ValueError, OSError):
    pass

def refuse(message):
    raise ValueError(message)

box = ImmutableSandboxedEnvironment(
    trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
)
box.globals["raise_exception"] = refuse
try:
    answer = {{"text": box.from_string(asked["template"]).render(asked["variables"])}}
except Exception as error:
    answer = {{"error": f"{{type(error).__name__}}: {{error}}"}}
json.dump(answer, sys.stdout)
"""


def render(template: str, variables: Mapping[str, Any]) -> str:
    """Return what a chat template writes.

    It runs in jinja2's sandbox, in a process that may take two to three seconds of a processor
    and, where the system can hold it to that, a gigabyte.

    Parameters
    ----------
    template : str
        The template, as Hugging Face's models have it.
    variables : mapping
        What it can use, of what JSON has.

    Raises
    ------
    ImportError
        If jinja2 is not installed.
    ValueError
        If the template is none, wants more than a template may, or refuses what it is given.
    """
    if find_spec("jinja2") is None:
        raise ImportError("a chat template needs jinja2: python -m pip install jinja2")
    asked = {"path": sys.path, "template": template, "variables": variables}
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", _CHILD],
            input=json.dumps(asked).encode(),
            capture_output=True,
            timeout=60,
        )
        answer = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        answer = {"error": f"it took more than {_SECONDS} s, or more than {_BYTES:,} bytes"}
    if "text" not in answer:
        raise ValueError(
            f"the model's chat template must write a prompt, got {short(template)}, and "
            f"{answer['error']}. Write the prompt yourself, as the model's maker says"
        )
    return str(answer["text"])
