"""Which metrics an expression of Prometheus asks for, and who gives them out."""

import re

STRINGS = re.compile(r'"[^"]*"')
SELECTORS = re.compile(r"\{[^}]*\}|\[[^\]]*\]")
GROUPINGS = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
NAME = re.compile(r"\b[a-zA-Z_:][\w:]*\b(?!\s*\()")
OPERATORS = {"and", "or", "unless", "bool", "offset"}

OF_OTHERS = {
    "prometheus": {"up", "ALERTS"},
    "node-exporter": {
        "node_cpu_seconds_total",
        "node_filesystem_avail_bytes",
        "node_filesystem_size_bytes",
        "node_hwmon_in_lcrit_alarm_volts",
        "node_memory_MemAvailable_bytes",
        "node_memory_MemTotal_bytes",
    },
    "kube-state-metrics": {
        "gotk_resource_info",
        "kube_node_status_condition",
        "kube_pod_container_status_restarts_total",
    },
    "blackbox-exporter": {"probe_ssl_earliest_cert_expiry", "probe_success"},
}
"""What is asked of programs that are not ours, by the workload that gives it out. Their documentation names them."""


def metrics_in(expression: str) -> set[str]:
    """Return the names of the metrics that an expression asks for."""
    plain = GROUPINGS.sub(" ", SELECTORS.sub(" ", STRINGS.sub(" ", expression)))
    return set(NAME.findall(plain)) - OPERATORS
