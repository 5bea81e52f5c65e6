"""Settings of `manage.py k8s`: those of the site, with nothing loaded but what the command needs.

All apps together take longer to start and more memory than a tool may that runs beside everything else on a Pi.
"""

from homelab_site import settings as site
from homelab_site.settings import *  # noqa: F403 - the site's, but for what follows

INSTALLED_APPS = ["k8s"]
# Without a database the audit log is all there is; no time is spent on finding that out.
DATABASES = site.DATABASES if site.DATABASE_URL else {}
# Standard output is the answer's alone.
LOGGING = {**site.LOGGING, "handlers": {"out": {**site.LOGGING["handlers"]["out"], "stream": "ext://sys.stderr"}}}
