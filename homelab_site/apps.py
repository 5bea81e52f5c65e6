from django.apps import AppConfig


class HomelabSiteConfig(AppConfig):
    name = "homelab_site"
    verbose_name = "Homelab"

    def ready(self) -> None:
        # Registers the checks, and the Celery app, without which the admin would send a task to another broker.
        from homelab_site import celery, checks  # noqa: F401, PLC0415
