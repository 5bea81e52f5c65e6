from django.apps import AppConfig


class HomelabSiteConfig(AppConfig):
    name = "homelab_site"
    verbose_name = "Homelab"

    def ready(self) -> None:
        from homelab_site import checks  # noqa: F401, PLC0415 - registers the checks
