from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "homelab_site.access"
    label = "access"
    verbose_name = "Access"
