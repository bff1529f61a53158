#!/usr/bin/env python3
"""backup_validator.py --file F | --all [--report]: physics-backup validate, in the container of a service."""

import os
import sys

USAGE = "usage: backup_validator.py --file FILE | --all [--report]"


def main(arguments):
    if not arguments:
        print(USAGE, file=sys.stderr)
        return 2
    scripts = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    program = os.path.join(scripts, "common", "physics-backup.sh")
    os.execv(program, [program, "postgres-backup", "validate", *arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
