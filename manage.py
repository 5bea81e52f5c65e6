#!/usr/bin/env python
"""Every process of the house starts here: `python manage.py COMMAND`."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def take_data_dir(argv: list[str]) -> list[str]:
    """Take `--data-dir DIR` out of any command's arguments: the settings need it before a command is chosen."""
    kept: list[str] = []
    arguments = iter(argv)
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if name != "--data-dir":
            kept.append(argument)
            continue
        value = value if equals else next(arguments, "")
        if not value or value.startswith("-"):
            sys.exit("--data-dir needs a directory")
        os.environ["HOMELAB_DATA_DIR"] = value
    return kept


def main(argv: list[str]) -> None:
    """Run a command; a wrong setting and a Ctrl-C end it without a traceback."""
    argv = take_data_dir(argv)
    lean = argv[1:2] == ["k8s"]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"homelab_site.settings{'_operations' if lean else ''}")
    try:
        execute_from_command_line(argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(128 + 2)


if __name__ == "__main__":
    main(sys.argv)
