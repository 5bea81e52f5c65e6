from homelab_site.workers.pauses import FIRST_SECONDS, LONGEST_SECONDS, GrowingPauses


def test_pauses_double_up_to_a_bound() -> None:
    pauses = GrowingPauses()
    full = [min(FIRST_SECONDS * 2**attempt, LONGEST_SECONDS) for attempt in range(20)]
    for longest in full:
        assert longest / 2 <= pauses.next() <= longest
    assert full[-1] == LONGEST_SECONDS


def test_pauses_differ_so_that_workers_do_not_come_back_all_at_once() -> None:
    assert len({GrowingPauses().next() for _ in range(20)}) > 1


def test_pauses_start_anew_when_it_went_well() -> None:
    pauses = GrowingPauses()
    for _ in range(10):
        pauses.next()
    pauses.reset()
    assert pauses.next() <= FIRST_SECONDS
