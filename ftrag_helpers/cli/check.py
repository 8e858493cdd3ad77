"""`ftrag check`: tries what the lessons need, and says line by line what is right here and what to
do where it is not.

A line says OK for what was done just now: files read and compared, an index written and
asked, both models computed with, on the device and with the threads that are set.
"""

import argparse
from collections.abc import Iterator

from ftrag_helpers.cli import check_computing, check_machine
from ftrag_helpers.cli.check_machine import Finding
from ftrag_helpers.environment import libraries
from ftrag_helpers.errors import CourseError


def run_check(options: argparse.Namespace, rest: list[str]) -> int:
    """Print the report as it is found out; 1 where a line is wrong, else 0."""
    wrong = 0
    for finding in findings():
        print(finding, flush=True)
        wrong += bool(finding.advice)
    print(f"\n{wrong} of these lines need attention." if wrong else "\nEverything is in place.")
    return int(wrong > 0)


def findings() -> Iterator[Finding]:
    """Every line of the report, the quick ones first.

    A look that fails is a line too, and ends none of the others.
    """
    printed = set()
    for name, look in {
        "variables": check_machine.check_variables,
        "Python": check_machine.check_python,
        "packages": check_machine.check_packages,
        "course folder": check_machine.check_folder,
        "cache": check_machine.check_cache,
        "memory": check_machine.check_memory,
        "CPU": check_machine.check_threads,
        "JupyterLab": check_machine.check_jupyter,
        "data sets": check_machine.check_data,
        "libraries": check_computing.check_libraries,
        "accelerator": check_computing.check_accelerator,
        "models": check_computing.check_models,
        "index": check_computing.check_index,
        "own model": check_computing.check_endpoint,
    }.items():
        try:
            for finding in look():
                printed.add(finding.advice)
                yield finding
        except CourseError as error:
            known = str(error) in printed
            yield Finding(
                name,
                *("not looked at", "See above.") if known else ("something is wrong", str(error)),
            )
            printed.add(str(error))
        except Exception as error:  # whatever a library raises, a report must go on
            cure = f"{libraries.cure(error)}, then start again."
            yield Finding(name, f"cannot be tried: {libraries.first_line(error)}", cure)
