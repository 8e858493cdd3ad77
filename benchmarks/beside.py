"""Training and answering alone and beside one busy program, with waiting threads that spin and with
some that sleep.

    python benchmarks/beside.py             three rounds, 6 to 8 minutes on two cores that nobody
    else uses python benchmarks/beside.py --quick     one round: to see that it works

A round runs each of four cases once, in a process of its own, since the libraries read how to wait
when they are loaded: 32 examples trained for one epoch, then 32 questions answered, by the course's
own code. "spinning" is what PyTorch and NumPy do by themselves, "sleeping" what `runtime.OFFLINE`
makes of it. The busy program is a loop on one core.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from ftrag_helpers.environment import runtime  # noqa: E402

WAITING = ("OMP_WAIT_POLICY", "OPENBLAS_THREAD_TIMEOUT")
CASES = [
    (policy, beside)
    for beside in ("alone", "beside a busy program")
    for policy in ("spinning", "sleeping")
]
WORK = {"train": "training 32 examples", "answer": "answering 32 questions"}
COUNT, ROUNDS = 32, 3
CASE_SECONDS, ALL_SECONDS = 150, 8 * 60


def main(arguments: list[str]) -> None:
    """Run the cases in turn and print seconds and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one round instead of three")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one:  # how its threads wait is set already, and by nothing else
        return print("RESULT", json.dumps(measure()))
    runtime.prepare_notebook()
    load = f", load {os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else ""
    print(f"{runtime.describe()['CPU cores']} cores{load}", flush=True)
    print(table(list(run_rounds(1 if options.quick else ROUNDS))))
    return None


def measure() -> dict:
    """Seconds of the training and of the answers in this process, and the answers themselves."""
    import training

    from ftrag_helpers.lm import models
    from ftrag_helpers.rag import pipeline

    lm = models.load_language_model()
    examples = training.examples_of(training.questions_of("train", COUNT))
    questions = training.questions_of("validation", COUNT)
    hits = training.passages_for(questions)
    with runtime.stopwatch() as trained:
        training.train_ours(lm, examples, epochs=1)
    with runtime.stopwatch() as answered:
        answers = pipeline.rag_pipeline(lm, lambda _: hits, progress=False)(questions)
    return {
        "train": trained.seconds,
        "answer": answered.seconds,
        "texts": [answer.text for answer in answers],
    }


def run_rounds(count: int) -> Iterator[dict]:
    """The results of each round by case, None where not done; every other round backwards, none
    that would take too long.
    """
    started, longest = time.monotonic(), 0.0
    for number in range(count):
        begun = time.monotonic()
        if begun - started + longest > ALL_SECONDS:
            print(f"{number} rounds: another one would take too long")
            return
        yield {case: run_case(*case) for case in (CASES[::-1] if number % 2 else CASES)}
        longest = max(longest, time.monotonic() - begun)


def run_case(policy: str, beside: str) -> dict | None:
    """One case in a process of its own; None, and why, where it failed or took too long."""
    environment = {name: value for name, value in os.environ.items() if name not in WAITING} | {
        "FTRAG_COMPUTE_CACHE": "off"
    }
    if policy == "sleeping":
        environment |= {name: runtime.OFFLINE[name] for name in WAITING}
    with busy_program() if beside != "alone" else contextlib.nullcontext():
        try:
            done = subprocess.run(
                [sys.executable, __file__, "--one"],
                env=environment,
                capture_output=True,
                text=True,
                timeout=CASE_SECONDS,
            )
        except subprocess.TimeoutExpired:
            print(f"{policy}, {beside}: not done after {CASE_SECONDS} s", flush=True)
            return None
    line = next((line for line in done.stdout.splitlines() if line.startswith("RESULT ")), None)
    if line is None:
        print(f"{policy}, {beside}: failed\n{done.stderr[-1500:]}", flush=True)
        return None
    found = json.loads(line.removeprefix("RESULT "))
    print(
        f"{policy}, {beside}: training {found['train']:.1f} s, answers {found['answer']:.1f} s",
        flush=True,
    )
    return found


@contextlib.contextmanager
def busy_program() -> Iterator[None]:
    """A loop that takes one core.

    It ends with the block, or by itself if whoever started it is gone.
    """
    code = (
        f"import os, time\nend = time.monotonic() + {CASE_SECONDS + 10}\n"
        f"while os.getppid() == {os.getpid()} and time.monotonic() < end: pass"
    )
    loop = subprocess.Popen([sys.executable, "-c", code])
    try:
        yield
    finally:
        loop.kill()
        loop.wait()


def table(rounds: list[dict]) -> str:
    """Seconds of each case (median, least to most), how many times as long spinning takes, and
    whether the answers agree.
    """
    lines = []
    for key, name in WORK.items():
        lines += ["", f"{name:26}{'spinning':>20}{'sleeping':>20}{'spinning / sleeping':>24}"]
        for beside in dict.fromkeys(beside for _, beside in CASES):
            pairs = [(found["spinning", beside], found["sleeping", beside]) for found in rounds]
            done = [(a[key], b[key]) for a, b in pairs if a and b]
            seconds = [spread([pair[i] for pair in done], "s", 1) for i in (0, 1)]
            ratio = spread([a / b for a, b in done], "", 2)
            lines.append(f"  {beside:24}{seconds[0]:>20}{seconds[1]:>20}{ratio:>24}")
    texts = {
        json.dumps(found["texts"]) for results in rounds for found in results.values() if found
    }
    agree = (
        "the answers are the same in every case"
        if len(texts) == 1
        else f"{len(texts)} different sets of answers"
    )
    return "\n".join([*lines, "", agree])


def spread(values: list[float], unit: str, digits: int) -> str:
    """The median, and the least and the most in brackets."""
    if not values:
        return "not done"
    middle, least, most = (
        f"{value:.{digits}f}" for value in (statistics.median(values), min(values), max(values))
    )
    return f"{middle} {unit}".strip() + f" [{least}, {most}]"


if __name__ == "__main__":
    main(sys.argv[1:])
