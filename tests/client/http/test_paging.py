import pytest

from auger_reconcile.client.http import paging
from auger_reconcile.client.http.paging import (
    LARGEST_PAGE,
    PAGE_SIZE,
    Listing,
    ListMoved,
    Page,
    PageRequest,
    read_page_of,
)
from auger_reconcile.errors import HubError

FIRST = PageRequest(0, PAGE_SIZE)


def objects(start, stop):
    return [{"id": number} for number in range(start, stop)]


def read(page_at, *, width=4, most_requests=200):
    """Read a list from `page_at(offset, limit) -> (items, total, size)`; tell the offsets, too."""
    listing, found, asked = Listing("GET /api/v1/things"), [], []
    while pages := listing.next_pages(width):
        asked += [at for at, _ in pages]
        assert len(asked) < most_requests, "the reading does not end"
        for wanted, page in [(wanted, Page(*page_at(*wanted))) for wanted in pages]:
            found += listing.add(wanted, page)
    return [item["id"] for item in found], asked


def honest(count, *, cap=10_000, total=None, weight=0):
    """A hub of `count` objects, at most `cap` a page, that claims `total`; an object's bytes."""

    def page_at(offset, limit):
        items = objects(offset, min(count, offset + min(cap, limit))) if offset < count else []
        return items, count if total is None else total, weight * len(items)

    return page_at


@pytest.mark.parametrize("count", [0, 1, 99, 101, 250, 1234, 9_999])
@pytest.mark.parametrize("width", [1, 4])
def test_every_object_is_read_once_and_in_order(count, width):
    found, asked = read(honest(count), width=width)
    assert found == list(range(count))
    assert len(asked) == 1 + max(0, -(-(count - PAGE_SIZE) // LARGEST_PAGE))


def test_small_objects_are_asked_for_by_the_thousand_and_one_large_page_goes_ahead():
    listing, hub = Listing("GET /api/v1/things"), honest(5_000, weight=300)
    rounds = []
    while pages := listing.next_pages(4):
        rounds.append(pages)
        for asked in pages:
            listing.add(asked, Page(*hub(*asked)))
    starts = [1_100, 2_100, 3_100, 4_100]
    assert rounds == [[(0, 100)], [(100, 1_000)], [(start, 1_000) for start in starts]]


@pytest.mark.parametrize(("weight", "limit"), [(1 << 20, 100), (5_000, 209), (1_000, 1_000)])
def test_a_page_is_asked_for_that_has_about_a_megabyte(weight, limit):
    listing = Listing("GET /api/v1/things")
    listing.add(PageRequest(0, PAGE_SIZE), Page(*honest(5_000, weight=weight)(0, PAGE_SIZE)))
    assert {page.limit for page in listing.next_pages(4)} == {limit}


@pytest.mark.parametrize("cap", [100, 150, 999])
def test_a_hub_that_gives_less_than_a_large_page_costs_one_page(cap):
    found, asked = read(honest(4_000, cap=cap))
    assert found == list(range(4_000))
    assert len(set(asked)) == len(asked) <= 2 + -(-(4_000 - 100) // cap)


@pytest.mark.parametrize("count", [100, 1_100, 3_100])
def test_a_full_last_page_is_looked_behind(count):
    found, asked = read(honest(count))
    assert found == list(range(count))
    assert asked[-1] == count


@pytest.mark.parametrize("cap", [1, 7, 50, 99])
def test_pages_shorter_than_asked_for_leave_no_gap(cap):
    assert read(honest(120, cap=cap))[0] == list(range(120))


def test_a_short_page_among_full_ones_leaves_no_gap():
    def page_at(offset, _):
        return objects(offset, min(500, offset + (10 if offset == 100 else 100))), 500

    assert read(page_at)[0] == list(range(500))


def test_a_total_that_is_too_high_is_not_believed():
    assert read(honest(150, total=10**9))[0] == list(range(150))


def test_a_total_that_is_too_low_is_not_believed():
    assert read(honest(350, total=3))[0] == list(range(350))


def test_without_a_total_the_list_ends_with_an_empty_page():
    def page_at(offset, limit):
        return honest(250, cap=100)(offset, limit)[0], None

    assert read(page_at) == (list(range(250)), [0, 100, 200, 250])


def test_a_hub_without_pages_gives_the_whole_list_once():
    assert read(lambda *_: (objects(0, 3), None))[0] == [0, 1, 2]


def test_a_hub_without_pages_may_give_more_than_a_page():
    assert read(lambda *_: (objects(0, 230), 230)) == (list(range(230)), [0, 230])


def test_a_hub_that_ignores_the_offset_is_an_error():
    with pytest.raises(HubError, match="answers every page with the first one"):
        read(lambda *_: (objects(0, 100), 250))


def test_a_list_without_end_is_an_error(monkeypatch):
    monkeypatch.setattr(paging, "MOST_OBJECTS", 1000)
    with pytest.raises(HubError, match="the list has more than 1,000 objects"):
        read(lambda offset, limit: (objects(offset, offset + limit), None))


def test_objects_added_meanwhile_push_others_but_none_comes_twice():
    def page_at(offset, _):  # two newer objects come in front after the first page
        shift = 2 if offset else 0
        return objects(offset - shift, min(250, offset - shift + 100)), 250 + shift

    assert read(page_at, width=1)[0] == list(range(250))


def test_objects_deleted_meanwhile_start_the_reading_again():
    def page_at(offset, limit):
        return objects(offset, offset + limit), 3_000 if offset == 0 else 2_999

    with pytest.raises(ListMoved):
        read(page_at)


def test_objects_without_id_are_told_apart_by_all_they_have():
    listing = Listing("GET /api/v1/things")
    assert listing.add(FIRST, Page([{"a": 1}, {"a": 2}, {"a": 1}], 3)) == [{"a": 1}, {"a": 2}]


def test_what_was_seen_before_is_left_out():
    listing = Listing("GET /api/v1/things", seen={"0", "1"})
    assert listing.add(FIRST, Page(objects(0, 4), 4)) == objects(2, 4)


@pytest.mark.parametrize("data", [{}, "text", 3, [1], [{"id": 1}, None]])
def test_something_else_than_a_list_of_objects_is_an_error(data):
    with pytest.raises(HubError, match="something else than a list of objects"):
        read_page_of(data, {}, request="GET /api/v1/things")


@pytest.mark.parametrize("meta", [{}, {"pagination": None}, {"pagination": {"total": "many"}}])
def test_a_missing_total_is_unknown(meta):
    assert read_page_of([], meta, request="GET /x") == Page([], None)
