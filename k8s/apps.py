from django.apps import AppConfig


class K8sConfig(AppConfig):
    name = "k8s"
    verbose_name = "Operations"

    def ready(self) -> None:
        from k8s import audit  # noqa: PLC0415 - models can be imported only now
        from k8s.rows import store  # noqa: PLC0415

        if store not in audit.listeners:
            audit.listeners.append(store)
