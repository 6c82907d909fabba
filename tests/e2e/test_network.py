"""
F33, the network's half: roads that go dark, refuse, reset, lose every fifth answer on average, or
carry 64 kbit/s. The breaker keeps messages away from such a road, other providers notice nothing,
nothing is lost or sent twice, and when the road is good again everything arrives.
"""

import contextlib

import pytest

from gateway_support import until
from network_office import CHANNEL, SICK, TAKEN, Office, others_are_well, vendors
from network_support import Elsewhere, NameServer, Road, need, own_network, run

QUICK = 1.0  # seconds that nothing else may take


@pytest.fixture(scope="module")
def land(tmp_path_factory):
    need("tc", "iproute2")
    with own_network(), vendors(tmp_path_factory.mktemp("ca")) as v:
        v.elsewhere = Elsewhere()
        v.names = NameServer()
        yield v
        v.names.close()
        v.elsewhere.close()


@pytest.fixture
def scene(land, tmp_path):
    """A bad road for all but one, a good one for that, and an office that takes them."""
    land.forget()
    land.bad, land.good = Road(land.elsewhere, 1), Road(land.elsewhere, 2)
    roads = {name: land.good if name == "well" else land.bad for name in CHANNEL}
    land.names.names = {name: (road.address,) for name, road in roads.items()}
    land.doors = {name: land.door(name, host=road.address, elsewhere=land.elsewhere)
                  for name, road in roads.items()}
    with contextlib.ExitStack() as stack:
        def opened(**more):
            return stack.enter_context(
                Office(str(tmp_path), land.ca_file, land.doors, **more))
        land.open_office = opened
        yield land
    for door in land.doors.values():
        with contextlib.suppress(OSError):
            door.shut()
    for road in (land.bad, land.good):
        road.close()


def sent_once(office, scene):
    for name in CHANNEL:
        assert scene.took(name) == office.sent_to[name], name
    assert not office.doubtful()


def all_sent(office, scene):
    """Everybody once; twice only who is marked for it, because an answer was lost for too long."""
    for name in CHANNEL:
        once = scene.took(name)
        for person in office.doubtful():
            if once.count(person) == 2:
                once.remove(person)
        assert once == office.sent_to[name], name


class Trouble:
    """What happens to the bad road, and how it ends."""

    def __init__(self, scene):
        self.scene = scene
        self.doors = [scene.doors[name] for name in SICK]

    def dark(self):
        self.scene.bad.go_dark()
        return self.scene.bad.light_up

    def refused(self):
        for door in self.doors:
            door.shut()
        return lambda: [door.open() for door in self.doors]

    def unreachable(self):
        run("ip", "route", "add", "unreachable", f"{self.scene.bad.address}/32")
        return lambda: run("ip", "route", "delete", "unreachable", f"{self.scene.bad.address}/32")

    def reset(self):
        self.slam(True)
        return lambda: self.slam(False)

    def slam(self, slams):
        for door in self.doors:
            door.slams = slams


@pytest.mark.parametrize("trouble", ["dark", "refused", "unreachable", "reset"])
def test_a_road_that_leads_nowhere(scene, trouble):
    end = getattr(Trouble(scene), trouble)()
    office = scene.open_office()
    for name in SICK:
        office.write_to(name, 3 if trouble == "dark" else 1)
    waits = others_are_well(office, lambda: office.circuits() >= set(SICK))
    assert max(*waits, office.lag()) < QUICK, waits
    assert "well" not in office.circuits() and set(office.attempts("well")) == {"sent"}
    for name in SICK:
        assert set(office.attempts(name)) - {"untouched"} == {"down"}, name
        assert scene.took(name) == []
    end()
    for name in SICK:
        office.arrived(name)
    sent_once(office, scene)


def slow_but_whole(scene, office, count):
    for name in SICK:
        office.write_to(name, count)
    waits = others_are_well(office, lambda: all(len(scene.took(name)) >= count for name in SICK),
                            patience=60)
    assert max(*waits, office.lag()) < QUICK, waits
    assert "well" not in office.circuits()
    for name in SICK:
        office.arrived(name, patience=60)
    all_sent(office, scene)


def test_one_answer_in_five_is_lost(scene):
    scene.bad.lose(20)
    slow_but_whole(scene, scene.open_office(), 10)


def test_a_narrow_road(scene):
    scene.bad.narrow("64kbit")
    slow_but_whole(scene, scene.open_office(), 2)


def test_a_road_that_goes_dark_under_a_message(scene):
    office = scene.open_office(http={"timeout": "2s"})
    simulator = scene.simulators["http"]
    simulator.faults("late")
    office.write_to("http", 1)
    until(lambda: scene.took("http"), "it has arrived")
    scene.bad.go_dark()
    until(lambda: office.attempts("http").get("unknown"), "nobody knows")
    waits = others_are_well(office, lambda: "http" in office.circuits())
    assert max(*waits, office.lag()) < QUICK, waits
    simulator.faults()
    scene.bad.light_up()
    office.write_to("http", 1)
    office.arrived("http", office.sent_to["http"][1:])
    doubtful, = office.messages(holder=f"sicil-{office.sent_to['http'][0]}")
    assert doubtful["status"] in ("unknown", *TAKEN)  # the vendor is asked after a minute
    sent_once(office, scene)


def test_the_first_address_of_a_name_is_dark(scene):
    """A name with two addresses; the way to one of them leads nowhere."""
    scene.good.go_dark()
    for name in SICK:
        scene.names.tell(**{name: (scene.good.address, scene.bad.address)})
    office = scene.open_office()
    for name in SICK:
        office.write_to(name, 2)
        office.arrived(name)
        assert office.attempts(name) == {"sent": 2}, name
    sent_once(office, scene)


def test_the_first_address_of_a_name_refuses(scene):
    for name in SICK:
        scene.names.tell(**{name: (scene.good.address, scene.bad.address)})
    office = scene.open_office()
    for name in SICK:
        office.write_to(name, 2)
        office.arrived(name, patience=5)
        assert office.attempts(name) == {"sent": 2}, name
    sent_once(office, scene)
