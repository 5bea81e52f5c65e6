#!/usr/bin/env python
"""Every process of the house starts here: `python manage.py COMMAND`."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "homelab_site.settings")
    execute_from_command_line(sys.argv)
