import pytest

from homelab_site.workers.registry import WORKERS, factory


@pytest.mark.parametrize("name", WORKERS)
def test_a_worker_is_built_by_its_name_and_connects_to_nothing_yet(name: str) -> None:
    worker = factory(name)()
    assert worker.name == name
    assert worker.trouble
    worker.close()


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(KeyError):
        factory("plumber")
