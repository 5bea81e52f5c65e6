#!/bin/bash
# Makes each topic of topics.txt (name, partitions, retention in milliseconds), and sets its retention where it exists.
# A day of the house is 120 MB; a partition of more than 2 GiB is a flood, which must not fill Redpanda's disk.
set -euo pipefail

export RPK_BROKERS=redpanda.redpanda.svc.cluster.local:9092
export RPK_ADMIN_HOSTS=redpanda.redpanda.svc.cluster.local:9644

for _ in $(seq 60); do
    if rpk cluster info >/dev/null 2>&1; then break; fi
    sleep 5
done
rpk cluster info

rpk cluster config set auto_create_topics_enabled false
while read -r name partitions retention_ms; do
    rpk topic create "$name" --if-not-exists --partitions "$partitions" --replicas 1 </dev/null
    rpk topic alter-config "$name" --set "retention.ms=$retention_ms" --set retention.bytes=2147483648 \
        --no-confirm </dev/null
done < "$(dirname "$0")/topics.txt"
