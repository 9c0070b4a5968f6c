"""`python -m tests.fuzz [TARGET …] --seconds N`: a process for each target, its corpus in tests/fuzz/corpus/TARGET.

What breaks a target is written beside its corpus, printed, and ends the run with 1. Run it again on one file with
`python -m tests.fuzz TARGET --file FILE`.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["media", "rooms"], enable_loader_override=False):
    from tests.fuzz.targets import TARGETS, seeds

CORPUS = Path(__file__).parent / "corpus"
LONGEST = 6000  # octets of an input


def fuzz(name: str, seconds: int) -> None:
    """In this process; does not return."""
    corpus = CORPUS / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds()[name]):
        (corpus / f"seed{number}").write_bytes(seed)
    options = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", f"-artifact_prefix={corpus}-", "-timeout=20"]
    atheris.Setup([sys.argv[0], *options, "-print_final_stats=1", "-verbosity=0", str(corpus)], TARGETS[name])
    atheris.Fuzz()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=" ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--file", type=Path)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    names = arguments.targets or list(TARGETS)
    if arguments.file is not None:
        return TARGETS[names[0]](arguments.file.read_bytes())
    if arguments.inside:
        return fuzz(names[0], arguments.seconds)
    broken = []
    for name in names:
        command = [sys.executable, "-m", "tests.fuzz", name, "--inside", "--seconds", str(arguments.seconds)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        runs = [line.split()[-1] for line in done.stderr.splitlines() if "number_of_executed_units" in line]
        print(f"{name:12} {runs[0] if runs else '?':>9} inputs   {'broken' if done.returncode else 'held'}", flush=True)
        if done.returncode:
            broken.append(name)
            print(done.stdout[-3000:], *done.stderr.splitlines()[-12:], sep="\n")
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
