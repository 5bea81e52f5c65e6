from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bridge.management.broker import broker_address
from bridge.publisher import Publisher, PublishError


class Command(BaseCommand):
    help = "Publish one message to the MQTT broker, to see where it ends."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("topic", metavar="TOPIC", help="such as saveeye/telemetry")
        parser.add_argument("payload", metavar="PAYLOAD", help="the message as it is")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with Publisher(broker_address(), "publish") as publisher:
                publisher.publish(options["topic"], options["payload"].encode())
                publisher.wait_until_acknowledged()
        except (PublishError, ValueError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write("The broker has it.")
