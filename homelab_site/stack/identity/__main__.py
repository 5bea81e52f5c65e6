"""The identity provider as a process: `python -m homelab_site.stack.identity`."""

import os

import django
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "homelab_site.stack.identity.settings"


def main() -> None:
    """Bring its database up to date and serve until the process is ended."""
    django.setup()

    from homelab_site.stack.identity import keys, seed, settings  # noqa: PLC0415 - models exist from here on

    call_command("migrate", verbosity=0, interactive=False)
    if not keys.private_keys(settings.KEYS_DIR):
        keys.add_key(settings.KEYS_DIR)
    keys.use_keys()
    seed.seed()
    call_command("cleartokens")
    call_command("clearsessions")
    server = ThreadedWSGIServer(("127.0.0.1", settings.PORT), WSGIRequestHandler)
    server.set_app(get_wsgi_application())
    server.serve_forever()


if __name__ == "__main__":
    main()
