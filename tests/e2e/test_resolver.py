"""
F32: name servers that deny, fail, keep silent, answer late, say nothing, or change their mind. Every
back end asks the system's own resolver. Nothing is sent while a name is not known, nobody else
waits for it, and once it is known every message leaves once.
"""

import contextlib
import time

import pytest

from gateway_support import until
from network_office import CHANNEL, SICK, Office, others_are_well, vendors
from network_support import NameServer, own_network, run

HERE = ("127.0.0.1",)
QUICK = 1.0  # seconds that nothing else may take; a loop that waits for a name takes three


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with own_network(), vendors(tmp_path_factory.mktemp("ca")) as v:
        v.names = NameServer(**dict.fromkeys(CHANNEL, HERE))
        v.doors = {name: v.door(name) for name in CHANNEL}
        yield v
        v.names.close()


@pytest.fixture
def open_office(world, tmp_path):
    """Opens it in a world where these names are in this trouble."""
    world.forget()

    def opened(trouble=HERE, **more):
        world.names.tell(HERE)
        world.names.tell(**dict.fromkeys(SICK, trouble))
        return Office(str(tmp_path), world.ca_file, world.doors, **more)

    with contextlib.ExitStack() as stack:
        yield lambda *a, **k: stack.enter_context(opened(*a, **k))


def suffer(office, world, count=3):
    """Messages for each that has trouble; ends when every breaker has opened."""
    guests = {name: world.doors[name].guests for name in SICK}
    for name in SICK:
        office.write_to(name, count)
    waits = others_are_well(office, lambda: office.circuits() >= set(SICK))
    assert {name: world.doors[name].guests for name in SICK} == guests, "nobody was connected to"
    for name in SICK:
        assert set(office.attempts(name)) - {"untouched"} == {"down"}, name
    assert set(office.attempts("well")) == {"sent"} and "well" not in office.circuits()
    return waits


def heal(office, world):
    world.names.tell(HERE)
    for name in SICK:
        office.arrived(name)


def sent_once(office, world):
    for name in CHANNEL:
        assert world.took(name) == office.sent_to[name], name
    assert not office.doubtful()


@pytest.mark.parametrize("trouble", ["nxdomain", "servfail", "empty"])
def test_nothing_leaves_without_an_address(open_office, world, trouble):
    office = open_office(trouble)
    suffer(office, world, 1)
    heal(office, world)
    sent_once(office, world)


def test_a_silent_name_server_stops_nobody_else(open_office, world):
    office = open_office("silent")
    waits = suffer(office, world)
    assert max(*waits, office.lag()) < QUICK, waits
    heal(office, world)
    sent_once(office, world)


def test_a_name_that_is_not_known_is_asked_for_seldom(open_office, world):
    office = open_office("nxdomain")
    for name in SICK:
        office.write_to(name, 20)
    until(lambda: office.circuits() >= set(SICK), "every breaker has opened")
    since = time.monotonic()
    time.sleep(4)
    for name in SICK:
        # Twice for each probe of a breaker and each try of a session: both kinds of addresses. A
        # session waits up to a second each time, half of one on average, so that eight tries are
        # likely, eleven happen in one run of twenty, and twenty do not.
        asked = [at for at in world.names.asked(name, since) if at < since + 4]
        assert 2 <= len(asked) < 40, name
    assert not world.names.asked("well", since)


def test_an_answer_that_is_late_is_waited_for_beside_the_loop(open_office, world):
    office = open_office(("late", 1.5, *HERE))
    for name in SICK:
        office.write_to(name, 3)
    waits = others_are_well(office, lambda: all(office.attempts(name) for name in SICK))
    assert max(*waits, office.lag()) < QUICK, waits
    for name in SICK:
        office.arrived(name)
        assert office.attempts(name) == {"sent": 3}, name
    sent_once(office, world)


def test_an_answer_that_is_too_late_was_no_attempt(open_office, world):
    office = open_office(("late", 6, *HERE), names_timeout=30)
    for name in SICK:
        office.write_to(name, 1)
    waits = others_are_well(office, lambda: all(office.attempts(name) for name in SICK))
    assert max(*waits, office.lag()) < QUICK, waits
    for name in ("http", "smpp", "curl"):  # their patience ends first; libesmtp has none of its own
        assert set(office.attempts(name)) == {"down"}, name
    assert set(office.attempts("smtp")) == {"sent"}
    heal(office, world)
    sent_once(office, world)


def test_stopping_does_not_wait_for_a_name_server(open_office, world):
    office = open_office("silent", names_timeout=30)
    for name in SICK:
        office.write_to(name, 3)
    until(lambda: all(world.names.asked(name) for name in SICK), "all names are asked for")
    started = time.monotonic()
    office.stop()
    assert time.monotonic() - started < 9  # the resolver gives up after thirty
    world.names.tell(HERE)
    office.start()
    for name in SICK:
        office.arrived(name)
    sent_once(office, world)


def test_an_answer_that_changes_is_taken_at_its_word(open_office, world):
    office = open_office(("127.0.0.9",))  # where nobody listens
    suffer(office, world)
    heal(office, world)
    sent_once(office, world)


def test_a_name_with_ipv6_alone(open_office, world):
    try:
        run("ip", "address", "add", "fd77::1/64", "dev", "lo", "nodad")
        doors = [world.door(name, host="fd77::1", port=world.doors[name].port) for name in SICK]
    except (AssertionError, OSError) as refused:
        pytest.skip(f"no IPv6 here: {refused}")
    office = open_office(("fd99::9",))  # where no road leads
    suffer(office, world, 1)
    world.names.tell(("fd77::1",), well=HERE)
    for name in SICK:
        office.arrived(name)
    assert all(door.guests > 0 for door in doors)
    sent_once(office, world)
    for door in doors:
        door.shut()


def test_of_several_addresses_one_that_answers_is_enough(open_office, world):
    office = open_office(("127.0.0.9", "127.0.0.1", "fd77::9"))
    for name in SICK:
        office.write_to(name, 3)
        office.arrived(name)
        assert office.attempts(name) == {"sent": 3}, name
    sent_once(office, world)
