import pytest

from bridge.mqtt import MqttAddress, parse_url


def test_a_url_gives_host_port_and_credentials() -> None:
    assert parse_url("mqtt://bridge:secret@broker.example:1884") == MqttAddress(
        host="broker.example", port=1884, username="bridge", password="secret"
    )


@pytest.mark.parametrize(("url", "port", "tls"), [("mqtt://broker", 1883, False), ("mqtts://broker/", 8883, True)])
def test_the_scheme_gives_the_port_and_tls(url: str, port: int, tls: bool) -> None:
    assert parse_url(url) == MqttAddress(host="broker", port=port, tls=tls)


def test_credentials_are_percent_decoded() -> None:
    address = parse_url("mqtt://a%40b:p%2Fw%3A%23@broker")
    assert (address.username, address.password) == ("a@b", "p/w:#")


def test_an_ipv6_address_is_written_back_in_brackets() -> None:
    assert str(parse_url("mqtt://[::1]:1885")) == "[::1]:1885"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "broker:1883",
        "http://broker",
        "mqtt://",
        "mqtt://:1883",
        "mqtt://broker:0",
        "mqtt://broker:65536",
        "mqtt://broker:x",
        "mqtt://[::1",
        "mqtt://broker/topic",
        "mqtt://user:secret/x@broker",
        "mqtt://user:pa?secret@broker",
    ],
)
def test_a_bad_url_is_refused_without_repeating_its_password(url: str) -> None:
    with pytest.raises(ValueError, match=r"^An MQTT URL .+\.$") as caught:
        parse_url(url)
    assert "secret" not in str(caught.value)


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(parse_url("mqtt://user:secret@broker"))
