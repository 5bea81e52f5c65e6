"""Readings on their way to whoever watches: Kafka, the channel layer, the sockets of each web process."""
