"""One house: every second, what its devices publish."""

from datetime import datetime, timedelta, tzinfo

from bridge.devices import saveeye
from bridge.devices.shelly import EVENT
from bridge.simulator import thermiq
from bridge.simulator.climate import STEP_SECONDS, Climate
from bridge.simulator.household import MINUTE, Household, Load, PhaseLoads, plus
from bridge.simulator.message import Kind, Message, Stream
from bridge.simulator.meter import Meter
from bridge.simulator.noise import chance
from bridge.simulator.sensor import ROOMS, WAKES_EVERY, RoomSensor

PUMP_EVERY = 30
MOTOR_REACTIVE_SHARE = 0.4
"""Reactive over active power of the heat pump's motors."""


class SimulatedHouse:
    """A meter, a heat pump and room sensors in one house, the same again for the same seed, start and writes.

    `start` is in UTC and whole seconds; `now` is the time of the next tick.
    """

    def __init__(self, seed: int, start: datetime, zone: tzinfo, node: str = "thermiq_heatpump") -> None:
        self._start = start
        self._zone = zone
        self._node = node
        self._ticks = 0
        self._climate = Climate(chance(seed, "climate"), start)
        self._household = Household(chance(seed, "household"), zone)
        self._meter = Meter(chance(seed, "meter"))
        self._sensors = [RoomSensor(chance(seed, room.mac), room, start) for room in ROOMS]
        self._loads: PhaseLoads = (Load(0, 0), Load(0, 0), Load(0, 0))
        self._echo_due = False

    @property
    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._ticks)

    @property
    def write_topic(self) -> str:
        return f"{self._node}/write"

    def take_write(self, payload: bytes) -> bool:
        """Let the heat pump take a register write, which the next tick echoes; tell whether it did."""
        taken = thermiq.take_write(self._climate.pump, payload) is not None
        self._echo_due |= taken
        return taken

    def tick(self) -> list[Message]:
        """Let a second pass, and return what is published at its end."""
        now, tick = self.now, self._ticks
        if tick % MINUTE == 0:
            self._household.live(now, self._climate.weather.sunshine)
        self._measure(now)
        if tick % STEP_SECONDS == 0:
            self._step_climate(now)
        self._ticks += 1
        return [*self._meter_messages(now), *self._pump_messages(now, tick), *self._sensor_messages(now, tick)]

    def _measure(self, now: datetime) -> None:
        self._loads = self._household.loads(int(now.timestamp()))
        electric_w = self._climate.pump.electric_w / len(self._loads)
        share = Load(electric_w, electric_w * MOTOR_REACTIVE_SHARE)
        self._meter.measure([plus(load, share) for load in self._loads])

    def _step_climate(self, now: datetime) -> None:
        self._climate.step(
            now,
            appliances_w=sum(load.active for load in self._loads),
            hot_water_lpm=self._household.warm_water(),
        )

    def _meter_messages(self, now: datetime) -> list[Message]:
        return [Message(Stream.ENERGY, saveeye.TOPIC, self._meter.payload(now))]

    def _pump_messages(self, now: datetime, tick: int) -> list[Message]:
        if tick % PUMP_EVERY and not self._echo_due:
            return []
        self._echo_due = False
        reading = thermiq.payload(self._climate.pump, now, self._zone, self._climate.building.indoor_c)
        return [Message(Stream.HEATPUMP, f"{self._node}/data", reading)]

    def _sensor_messages(self, now: datetime, tick: int) -> list[Message]:
        messages = []
        for number, sensor in enumerate(self._sensors):
            if tick % WAKES_EVERY != number * WAKES_EVERY // len(self._sensors):
                continue
            frames = sensor.wake(
                now,
                indoor_c=self._climate.building.indoor_c,
                outdoor_vapour=self._climate.weather.vapour,
                showering=self._household.uses("shower"),
            )
            for frame in frames:
                kind = Kind.EVENT if frame["method"] == EVENT else Kind.READING
                messages.append(Message(Stream.TEMPERATURE, f"{sensor.id}/events/rpc", frame, kind))
        return messages
