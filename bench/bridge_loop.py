"""A bare bridge of the libraries that ours uses: it hands payloads on, and acknowledges after Kafka has.

`python -m bench.bridge_loop`
"""

import os
from collections import deque
from typing import Any

import paho.mqtt.client as mqtt
from kafka import KafkaProducer
from paho.mqtt.enums import CallbackAPIVersion

from bench.readings import TOPIC
from bridge.messages import Topic
from bridge.mqtt import parse_url


def run(client_id: str) -> None:
    address = parse_url(os.environ["MQTT_URL"])
    producer = KafkaProducer(bootstrap_servers=os.environ["KAFKA_BROKERS"], acks="all", linger_ms=5)
    taken: deque[tuple[int, int, Any]] = deque()

    def take(client: mqtt.Client, userdata: object, message: mqtt.MQTTMessage) -> None:
        sent = producer.send(Topic.ENERGY.value, value=bytes(message.payload))
        taken.append((message.mid, message.qos, sent))

    client = mqtt.Client(
        CallbackAPIVersion.VERSION2, client_id, clean_session=False, protocol=mqtt.MQTTv311, manual_ack=True
    )
    client.on_message = take
    # There is a session already, so what waits in it comes before this is answered.
    client.connect(address.host, address.port)
    client.subscribe(TOPIC, 1)
    while client.loop(0.002 if taken else 0.5) == mqtt.MQTT_ERR_SUCCESS or taken:
        while taken and taken[0][2].is_done:
            mid, qos, _ = taken.popleft()
            client.ack(mid, qos)


if __name__ == "__main__":
    run(os.environ.get("MQTT_CLIENT_ID", "homelab-bridge"))
