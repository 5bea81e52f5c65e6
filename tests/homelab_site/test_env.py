from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from bridge.mqtt import parse_url
from homelab_site import env

NAME = "HOUSE_TEST_VALUE"
PASSWORD = "geheim"


def integer() -> int:
    return env.integer(NAME, 7, minimum=1, maximum=64)


def boolean() -> bool:
    return env.boolean(NAME, default=True)


def fraction() -> float:
    return env.fraction(NAME, 0.5)


def choice() -> str:
    return env.choice(NAME, "INFO", allowed=("DEBUG", "INFO"))


def words() -> tuple[str, ...]:
    return env.words(NAME, ("one",))


def brokers() -> tuple[str, ...]:
    return env.brokers(NAME)


def topic_levels() -> tuple[str, ...]:
    return env.topic_levels(NAME, ("pump",))


def checked() -> str:
    return env.checked(NAME, parse_url)


def pairs() -> dict[str, str]:
    return env.pairs(NAME)


def networks() -> object:
    return env.networks(NAME)


def json() -> list[int]:
    return env.json(NAME, list[int], [1])


def url() -> str:
    return env.url(NAME, schemes=("postgresql", "postgres"), default="postgresql://here/x")


def time_zone() -> str:
    return env.time_zone(NAME, "Europe/Stockholm").key


def path() -> Path:
    return env.path(NAME, Path("/var/here"))


def text() -> str:
    return env.text(NAME, "a default")


def secret() -> str:
    return env.secret(NAME)


Reader = Callable[[], object]


@pytest.mark.parametrize("value", [None, ""])
@pytest.mark.parametrize(
    ("reader", "default"),
    [
        (integer, 7), (boolean, True), (fraction, 0.5), (choice, "INFO"), (words, ("one",)), (pairs, {}),
        (url, "postgresql://here/x"), (time_zone, "Europe/Stockholm"), (path, Path("/var/here")),
        (text, "a default"), (secret, ""), (networks, ()), (json, [1]),
        (brokers, ()), (topic_levels, ("pump",)), (checked, ""),
    ],
)  # fmt: skip
def test_what_is_not_set_or_empty_has_its_default(
    monkeypatch: pytest.MonkeyPatch, reader: Reader, default: object, value: str | None
) -> None:
    if value is not None:
        monkeypatch.setenv(NAME, value)
    assert reader() == default


@pytest.mark.parametrize(
    ("reader", "value", "read"),
    [
        (integer, "1", 1), (integer, "64", 64), (integer, "007", 7),
        (boolean, "TRUE", True), (boolean, "1", True), (boolean, "yes", True), (boolean, "On", True),
        (boolean, "False", False), (boolean, "0", False), (boolean, "NO", False), (boolean, "off", False),
        (fraction, "0", 0.0), (fraction, "1", 1.0), (fraction, "5e-2", 0.05),
        (choice, "DEBUG", "DEBUG"),
        (words, "a, b ,,c", ("a", "b", "c")), (words, " , ", ()),
        (pairs, "a=b, c = d=e", {"a": "b", "c": "d=e"}),
        (url, "postgres://u:p@h:5432/x?sslmode=require", "postgres://u:p@h:5432/x?sslmode=require"),
        (url, "postgresql://u@/x?host=/run/pg", "postgresql://u@/x?host=/run/pg"),
        (time_zone, "America/St_Johns", "America/St_Johns"),
        (path, "/tmp/../etc", Path("/etc")),
        (text, "any = text, at all", "any = text, at all"),
        (networks, "10.42.0.0/16, ::1", (ip_network("10.42.0.0/16"), ip_network("::1"))),
        (json, "[1, 2]", [1, 2]),
        (brokers, "kafka, 10.0.0.7:9093,[::1]:9092", ("kafka", "10.0.0.7:9093", "[::1]:9092")),
        (topic_levels, "pump, thermiq_2", ("pump", "thermiq_2")),
        (checked, "mqtts://u:p%2F@h:8883", "mqtts://u:p%2F@h:8883"),
    ],
)  # fmt: skip
def test_a_right_value_is_read(monkeypatch: pytest.MonkeyPatch, reader: Reader, value: str, read: object) -> None:
    monkeypatch.setenv(NAME, value)
    assert reader() == read


@pytest.mark.parametrize(
    ("reader", "value", "allowed"),
    [
        (integer, "0", "a whole number from 1 to 64"), (integer, "65", "a whole number from 1 to 64"),
        (integer, "7.0", "a whole number from 1 to 64"), (integer, "many", "a whole number from 1 to 64"),
        (boolean, "maybe", "true, 1, yes, on, false, 0, no, off"), (boolean, "2", "true, 1, yes, on"),
        (fraction, "-0.1", "a number from 0 to 1"), (fraction, "1.01", "a number from 0 to 1"),
        (fraction, "nan", "a number from 0 to 1"), (fraction, "5 %", "a number from 0 to 1"),
        (choice, "info", "DEBUG, INFO"),
        (pairs, "a", "key=value pairs"), (pairs, "a=", "key=value pairs"), (pairs, "a=b,=c", "key=value pairs"),
        (time_zone, "Europe", "a time zone such as Europe/Stockholm"),
        (time_zone, "Mars/Base", "a time zone such as Europe/Stockholm"),
        (time_zone, "../../etc/passwd", "a time zone such as Europe/Stockholm"),
        (path, "~nobody-of-that-name/x", "a path"),
        (networks, "10.42.0.1/16", "networks such as"), (networks, "proxy", "networks such as"),
        (brokers, "host:x", "HOST:PORT, such as"), (brokers, "host:", "HOST:PORT"), (brokers, ":9092", "HOST:PORT"),
        (brokers, "host:0", "HOST:PORT"), (brokers, "a:1,b:65536", "HOST:PORT"), (brokers, "::1", "HOST:PORT"),
        (brokers, "SSL://host:9092", "HOST:PORT"), (brokers, "a:1 b:2", "HOST:PORT"), (brokers, "[::1", "HOST:PORT"),
        (topic_levels, "house/pump", "names without / + or #"), (topic_levels, "pump,+", "names without / + or #"),
        (topic_levels, "#", "names without / + or #"), (topic_levels, ",", "names without / + or #"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_an_error_that_says_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, reader: Reader, value: str, allowed: str
) -> None:
    monkeypatch.setenv(NAME, value)
    with pytest.raises(ImproperlyConfigured, match=f"^{NAME} is ") as raised:
        reader()
    assert f"{value!r}; allowed: {allowed}" in str(raised.value)


@pytest.mark.parametrize(
    "value",
    [
        f"mysql://u:{PASSWORD}@h/x",
        f"postgresql:u:{PASSWORD}@h/x",
        f"postgresql://u:{PASSWORD}@[::1/x",
        f"postgresql://u:{PASSWORD}/2@h/x",
        f"postgresql://u:{PASSWORD}\N{ACCOUNT OF}@h/x",
        f"postgresql://u:{PASSWORD}@h:port/x",
    ],
)
def test_the_error_of_a_url_does_not_show_its_password(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(NAME, value)
    with pytest.raises(ImproperlyConfigured, match=f"{NAME} .*allowed: a URL that starts with postgresql://") as raised:
        url()
    assert PASSWORD not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


@pytest.mark.parametrize(
    "value",
    [f"mqtt://u:{PASSWORD}@", f"mqtt://u:{PASSWORD}@h/topic", f"mqtt://u:{PASSWORD}/2@h", f"http://u:{PASSWORD}@h"],
)
def test_the_error_of_what_a_check_refuses_does_not_show_it(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(NAME, value)
    with pytest.raises(ImproperlyConfigured, match=rf"^{NAME} has the wrong form: An MQTT URL .+\.$") as raised:
        checked()
    assert PASSWORD not in str(raised.value)
    assert raised.value.__context__ is None


@pytest.mark.parametrize("value", [f'["{PASSWORD}"]', f"[1, {PASSWORD}", f'{{"a": "{PASSWORD}"}}'])
def test_the_error_of_json_does_not_show_it(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(NAME, value)
    with pytest.raises(ImproperlyConfigured, match=f"^{NAME} has the wrong form: ") as raised:
        json()
    assert PASSWORD not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


@pytest.mark.parametrize("reader", [text, secret])
def test_a_value_can_be_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, reader: Reader) -> None:
    (tmp_path / "secret").write_text("what is in the file\n")
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "secret"))
    assert reader() == "what is in the file"


def test_every_reader_takes_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "number").write_text(" 12 \n")
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "number"))
    assert integer() == 12


def test_an_empty_file_counts_as_not_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "nothing").touch()
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "nothing"))
    assert text() == "a default"


@pytest.mark.parametrize("where", ["missing", ".", "present/below", "x" * 300])
def test_a_file_that_cannot_be_read_is_an_error_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, where: str
) -> None:
    (tmp_path / "present").touch()
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / where))
    with pytest.raises(ImproperlyConfigured, match=f"^{NAME}: "):
        secret()


def test_a_file_that_is_not_text_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "binary"))
    with pytest.raises(ImproperlyConfigured, match=f"^{NAME}: "):
        secret()


def test_a_relative_path_counts_from_the_working_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(NAME, "var")
    assert path() == tmp_path / "var"


def test_links_that_lead_in_a_circle_are_no_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to("circle")
    monkeypatch.setenv(NAME, str(tmp_path / "circle"))
    with pytest.raises(ImproperlyConfigured, match=f"^{NAME} is .*; allowed: a path$"):
        path()


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_any_text_is_read_or_refused_in_one_way(value: str) -> None:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(NAME, value)
        readers = (integer, boolean, fraction, choice, words, pairs, networks, json, url, time_zone, path, text)
        for reader in (*readers, brokers, topic_levels, checked):
            try:
                reader()
            except ImproperlyConfigured as error:
                assert str(error).startswith(NAME)
