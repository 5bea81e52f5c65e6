from django.apps import AppConfig


class HeatpumpConfig(AppConfig):
    name = "heatpump"
    verbose_name = "Heat pump"
