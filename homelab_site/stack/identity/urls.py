"""Every path of the identity provider: what OpenID Connect needs, and a login."""

from django.contrib.auth.views import LoginView
from django.urls import include, path
from django.views.generic import TemplateView
from oauth2_provider import views

from homelab_site.stack.identity.views import HouseAuthorizationView

protocol = [
    path(".well-known/openid-configuration", views.ConnectDiscoveryInfoView.as_view(), name="oidc-discovery"),
    path(".well-known/jwks.json", views.JwksInfoView.as_view(), name="jwks-info"),
    path("authorize/", HouseAuthorizationView.as_view(), name="authorize"),
    path("token/", views.TokenView.as_view(), name="token"),
    path("revoke/", views.RevokeTokenView.as_view(), name="revoke-token"),
    path("introspect/", views.IntrospectTokenView.as_view(), name="introspect"),
    path("userinfo/", views.UserInfoView.as_view(), name="user-info"),
    path("logout/", views.RPInitiatedLogoutView.as_view(), name="rp-initiated-logout"),
]

urlpatterns = [
    path("", TemplateView.as_view(template_name="identity/home.html"), name="home"),
    path("login/", LoginView.as_view(template_name="identity/login.html"), name="login"),
    path("", include((protocol, "oauth2_provider"))),
]
