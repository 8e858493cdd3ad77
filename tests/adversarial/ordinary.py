"""A command run by an ordinary user, where the tests run as root: a user of its own, who sees
Python and the course.
"""

import os
import subprocess
import sys
from pathlib import Path

from ftrag_helpers.environment import runtime

USER = 54_321
# Folders that this user may not enter are covered, in a mount namespace of the command's own, and
# what is needed of them is bound back: nothing outside changes. The arguments: pairs of what is
# closed and what is needed, "--", the command.
_SCRIPT = f"""
set -e
hold=$(mktemp -d); places=(); closed=(); count=0
while [ "$1" != -- ]; do
    mkdir "$hold/$count"; mount --bind "$2" "$hold/$count"
    closed+=("$1"); places+=("$2"); count=$((count + 1)); shift 2
done
shift
for one in $(printf '%s\\n' "${{closed[@]}}" | sort -u); do mount -t tmpfs -o mode=755 none "$one"; done
for ((i = 0; i < count; i++)); do
    mkdir -p "${{places[$i]}}"; mount --bind "$hold/$i" "${{places[$i]}}"; umount "$hold/$i"; rmdir "$hold/$i"
done
rmdir "$hold"
exec setpriv --reuid {USER} --regid {USER} --clear-groups --inh-caps=-all env HOME=/tmp "$@"
"""


def command(*words: str) -> list[str]:
    """The command, as that user runs it."""
    needed = {Path(name).resolve() for name in (runtime.course_root(), sys.prefix, sys.base_prefix)}
    pairs = [(str(closed[-1]), str(path)) for path in sorted(needed) if (closed := _closed(path))]
    return [
        "unshare",
        "--mount",
        "--propagation",
        "private",
        "bash",
        "-c",
        _SCRIPT,
        "bash",
        *sum(pairs, ()),
        "--",
        *words,
    ]


def _closed(path: Path) -> list[Path]:
    return [folder for folder in path.parents if not folder.stat().st_mode & 1]


def refusal() -> str:
    """Why no command can be run like that here, or ""."""
    if not hasattr(os, "geteuid") or os.geteuid():
        return "needs root, to become another user"
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from ftrag_helpers.grading.execution import sandbox; "
        "print(sandbox.refusal())"
    )
    try:
        done = subprocess.run(
            command(sys.executable, "-c", code, str(runtime.course_root())),
            capture_output=True,
            text=True,
            timeout=60,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return done.stdout.strip() if done.returncode == 0 else done.stderr.strip()[-200:]
