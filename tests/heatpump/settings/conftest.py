from tests.heatpump.settings.asking import asking, issuer

__all__ = ["asking", "issuer"]
