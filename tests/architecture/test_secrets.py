"""No secret is in the repository: no key, no token of a known form, no Secret of Kubernetes."""

import re

import pytest

from tests.architecture.repository import ROOT, git, needs_git

SECRET = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_\w{22}"
    r"|\bsk-ant-[\w-]{20}|\bxox[abp]-[\w-]{10}|^kind: Secret$",
    re.MULTILINE,
)
MADE_UP = {"tests/k8s/test_redaction.py"}
"""What shows that such things are taken out of outputs."""


def test_no_file_holds_a_secret() -> None:
    needs_git()
    paths = [ROOT / name for name in git("ls-files") if name not in MADE_UP]
    assert [path for path in paths if path.is_file() and SECRET.search(path.read_text(errors="replace"))] == []


@pytest.mark.parametrize(
    "secret",
    [
        "-----BEGIN {}PRIVATE KEY-----".format("EC "),
        "AKIA" + "A1" * 8,
        "token=ghp_" + "a1" * 18,
        "github_pat_" + "a1" * 11,
        "sk-ant-" + "api03-" + "a1" * 10,
        "xoxb-" + "1" * 12,
        "apiVersion: v1\nkind: {}\n".format("Secret"),
    ],
)
def test_a_secret_is_found_out(secret: str) -> None:
    assert SECRET.search(secret)
