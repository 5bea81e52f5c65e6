"""Who somebody is at the identity provider."""

from django.conf import settings
from django.db import models


class Identity(models.Model):
    """What a user is called by an issuer: `subject` is unique there and never given to anybody else.

    (OpenID Connect Core 1.0, section 5.7: nothing else, such as an e-mail address, is.)
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="identity")
    issuer = models.TextField()
    subject = models.CharField(max_length=255)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("issuer", "subject"), name="one_user_for_each_identity"),)
        verbose_name_plural = "identities"

    def __str__(self) -> str:
        return f"{self.subject} of {self.issuer}"
