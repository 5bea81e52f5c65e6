"""The whole login, between a browser, this site and the stack's identity provider."""

from collections.abc import Callable
from http.cookies import SimpleCookie
from urllib.parse import quote, urlencode

import jwt
import pytest

from homelab_site.access.scopes import ALL_SCOPES, READ_SCOPES
from tests.homelab_site.access.house import Browser, House, Page, Person, SiteServer

EMAIL = "admin@homelab.invalid"


@pytest.fixture(scope="module")
def login_site(new_site: Callable[..., SiteServer]) -> SiteServer:
    return new_site()


def test_the_provider_says_where_everything_is(provider: House, viewer: Person) -> None:
    said = viewer.get(f"{provider.url}/.well-known/openid-configuration").json()
    assert said["issuer"] == provider.url
    assert said["code_challenge_methods_supported"] == ["S256"]
    assert set(said["scopes_supported"]) >= ALL_SCOPES
    for name in ("authorization", "token", "userinfo", "end_session"):
        assert said[f"{name}_endpoint"].startswith(provider.url)


def test_a_page_leads_to_the_provider_and_back_to_itself(login_site: SiteServer, viewer: Person) -> None:
    page = viewer.log_in("status/?of=all")
    assert (page.status, page.url) == (200, login_site.url("status/?of=all"))


def test_the_provider_is_asked_for_a_code_with_pkce(login_site: SiteServer, viewer: Person) -> None:
    asked = viewer.authorization().query
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert len(asked["code_challenge"]) == 43
    assert asked["state"] != asked["nonce"]
    assert asked["redirect_uri"] == login_site.url("login/oidc/callback/")


def test_a_session_gives_out_a_token_that_the_api_takes(
    provider: House, login_site: SiteServer, viewer: Person
) -> None:
    viewer.log_in()
    info = viewer.info().json()
    assert (info["username"], info["email"]) == ("viewer", "viewer@homelab.invalid")
    assert 0 < info["expires_in"] <= 600
    as_program = login_site.ask("user/info", info["token"]).json()
    assert (as_program["username"], as_program["token"]) == ("viewer", info["token"])
    assert login_site.ask("energy/hourly-total", info["token"]).status == 200
    claims = jwt.decode(info["token"], options={"verify_signature": False})
    assert (claims["iss"], claims["aud"]) == (provider.url, ["homelab"])


def test_only_the_token_of_an_admin_can_write(viewer: Person, admin: Person) -> None:
    found = {}
    for person in (viewer, admin):
        person.log_in()
        claims = jwt.decode(person.info().json()["token"], options={"verify_signature": False})
        found[person.name] = set(claims["scope"].split()) & ALL_SCOPES
    assert found == {"viewer": READ_SCOPES, "admin": ALL_SCOPES}


def test_admins_are_staff_and_others_are_not(viewer: Person, admin: Person) -> None:
    admin.log_in("admin/")
    assert admin.at("admin/telemetry/deadletter/").status == 200
    viewer.log_in()
    refused = viewer.at("admin/")
    assert (refused.status, refused.path) == (403, "/admin/login/")


def test_who_joins_or_leaves_the_group_is_staff_from_the_next_login_on(
    provider: House, new_person: Callable[[str], Person]
) -> None:
    before, within, after = (new_person("viewer") for _ in range(3))
    before.log_in()
    assert before.at("admin/").status == 403
    provider.put_in_admins("viewer")
    try:
        assert within.log_in("admin/").status == 200
    finally:
        provider.take_from_admins("viewer")
    assert after.log_in().status == 200
    assert after.at("admin/").status == within.at("admin/").status == 403


def test_who_is_called_something_else_is_still_the_same_user(
    provider: House, new_person: Callable[[str], Person]
) -> None:
    new_person("admin").log_in()
    provider.change("UPDATE auth_user SET username = 'ada', email = 'ada@homelab.invalid' WHERE username = 'admin'")
    try:
        renamed = new_person("admin")
        form = renamed.at("status/")
        renamed.submit(form, username="ada", password=provider.password("admin"), next=form.hidden("next"))
        info = renamed.info().json()
        assert (info["username"], info["email"]) == ("ada", "ada@homelab.invalid")
    finally:
        provider.change(
            "UPDATE auth_user SET username = 'admin', email = 'admin@homelab.invalid' WHERE username = 'ada'"
        )
    again = new_person("admin")
    again.log_in()
    assert again.info().json()["username"] == "admin"


def test_logging_out_ends_the_session_here_and_at_the_provider(
    provider: House, login_site: SiteServer, viewer: Person
) -> None:
    viewer.log_in()
    assert viewer.log_out().url == login_site.url("login/")
    assert not viewer.is_logged_in()
    assert viewer.at("status/").url.startswith(f"{provider.url}/login/")


@pytest.mark.parametrize("path", ["logout/", "admin/logout/"])
def test_a_link_logs_nobody_out(viewer: Person, path: str) -> None:
    viewer.log_in()
    assert viewer.at(path).status == 405
    assert viewer.is_logged_in()


@pytest.mark.parametrize(
    "page", ["https://evil.example/", "//evil.example/", "https:evil.example", "javascript:alert(1)"]
)
def test_nobody_is_led_elsewhere(login_site: SiteServer, viewer: Person, page: str) -> None:
    assert viewer.at(f"login/?next={quote(page)}", stay=True).status == 200
    landed = viewer.log_in(f"login/oidc/?next={quote(page)}")
    assert landed.url.startswith(login_site.url())
    assert viewer.at(f"login/?next={quote(page)}").url.startswith(login_site.url())


def code_for(person: Person, **changes: str) -> Page:
    """Begin a login whose way to the provider somebody changes; return what the code brings."""
    way = person.authorization()
    query = {name: value for name, value in {**way.query, **changes}.items() if value}
    return person.give_password(person.get(f"{way.location.split('?')[0]}?{urlencode(query)}"))


def test_a_code_that_was_asked_for_with_another_verifier_is_refused(viewer: Person) -> None:
    refused = code_for(viewer, code_challenge="E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    assert (refused.status, refused.path) == (403, "/login/oidc/callback/")
    assert "did not let you in" in refused.text
    assert not viewer.is_logged_in()


def test_a_code_is_not_given_without_pkce(viewer: Person) -> None:
    refused = code_for(viewer, code_challenge="", code_challenge_method="")
    assert (refused.status, refused.path) == (403, "/login/oidc/callback/")
    assert not viewer.is_logged_in()


def test_an_id_token_of_another_login_is_refused(viewer: Person) -> None:
    refused = code_for(viewer, nonce="another")
    assert (refused.status, refused.path) == (400, "/login/oidc/callback/")
    assert not viewer.is_logged_in()


def test_a_state_of_nobody_is_refused(viewer: Person) -> None:
    refused = code_for(viewer, state="another")
    assert (refused.status, refused.path) == (400, "/login/oidc/callback/")
    assert "Begin again" in refused.text
    assert not viewer.is_logged_in()


def test_a_code_of_somebody_else_logs_nobody_in(viewer: Person, admin: Person) -> None:
    admin.log_in()
    theirs = admin.get(admin.authorization().location, stay=True).query
    mine = viewer.authorization().query
    refused = viewer.at(f"login/oidc/callback/?{urlencode({'code': theirs['code'], 'state': mine['state']})}")
    assert refused.status == 403
    assert not viewer.is_logged_in()


def test_a_session_from_before_the_login_is_nobody_s(login_site: SiteServer, viewer: Person) -> None:
    way = viewer.authorization()
    planted = SimpleCookie(way.headers["Set-Cookie"])["homelab-session"].value
    assert viewer.give_password(viewer.get(way.location)).status == 200
    assert viewer.is_logged_in()
    stranger = Browser().get(login_site.url("status/"), stay=True, Cookie=f"homelab-session={planted}")
    assert stranger.location == "/login/?next=/status/"


def test_a_code_is_good_once(viewer: Person) -> None:
    viewer.log_in()
    back = viewer.get(viewer.authorization().location, stay=True).location
    assert [viewer.get(back).status for _ in range(2)] == [200, 400]


def test_an_error_that_somebody_made_up_ends_no_session(viewer: Person) -> None:
    viewer.log_in()
    assert viewer.at("login/oidc/callback/?error=access_denied&state=x").status == 403
    assert viewer.is_logged_in()


def test_keys_rotate_while_everybody_is_at_work(
    provider: House, login_site: SiteServer, new_person: Callable[[str], Person]
) -> None:
    before, after = new_person("viewer"), new_person("viewer")
    before.log_in()
    old = before.info().json()["token"]
    assert login_site.ask("user/info", old).status == 200
    provider.rotate_key()
    after.log_in()
    new = after.info().json()["token"]
    kids = [jwt.get_unverified_header(token)["kid"] for token in (old, new)]
    assert kids[0] != kids[1]
    assert {key["kid"] for key in after.get(f"{provider.url}/.well-known/jwks.json").json()["keys"]} >= set(kids)
    assert login_site.ask("user/info", new).status == login_site.ask("user/info", old).status == 200
    assert before.log_out().url == login_site.url("login/")


def test_a_token_that_has_expired_is_refused(provider: House, login_site: SiteServer) -> None:
    assert login_site.ask("energy/hourly-total", provider.token()).status == 200
    refused = login_site.ask("energy/hourly-total", provider.token(exp=1_700_000_000))
    assert (refused.status, refused.json()["error"]) == (401, "The token has expired.")


def test_an_opaque_token_is_introspected(provider: House, login_site: SiteServer) -> None:
    token = provider.opaque_token()
    assert "." not in token
    assert login_site.ask("energy/hourly-total", token).status == 200
    assert login_site.ask("energy/hourly-total", token[:-1]).status == 401


def test_no_code_and_no_token_gets_into_the_logs(provider: House, login_site: SiteServer, viewer: Person) -> None:
    viewer.log_in()
    token = viewer.info().json()["token"]
    viewer.log_out()
    for log in (login_site.log, (provider.directory / "identity.log").read_text()):
        assert token.rsplit(".", 1)[-1] not in log
        assert "code=" not in log
        assert "id_token_hint=" not in log
