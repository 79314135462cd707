"""The options of a program that looks at pages."""
import argparse
import os
import sys

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


def parser(name, about):
    """A parser with the programs that each needs."""
    made = argparse.ArgumentParser(prog=f"Tests/Browser/{name}", description=about)
    made.add_argument("--sonde", metavar="PROGRAM", default=f"{PROJECT}/.build/release/sonde", help="the built program; by default .build/release/sonde")
    made.add_argument("--chromium", metavar="PROGRAM", default="/usr/bin/chromium", help="by default /usr/bin/chromium")
    return made


def parse(made, target):
    """The options. Leaves with 64 where they are bad, and with 69 where a program is missing, which `make` with `target` builds or installs."""
    try:
        options = made.parse_args()
    except SystemExit as exit:
        sys.exit(exit.code and 64)
    for program in (options.sonde, options.chromium):
        if not os.access(program, os.X_OK):
            print(f"{target}: {program} is no program; “make {target}” builds or installs it", file=sys.stderr)
            sys.exit(69)
    return options
