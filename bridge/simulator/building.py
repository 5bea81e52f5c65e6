"""The house as one heat store behind one layer of insulation."""

from dataclasses import dataclass

LOSS_W_PER_K = 130.0
WINDOWS_OPEN_W_PER_K = 600.0
WINDOWS_OPEN_ABOVE_C = 24.0
CAPACITY_J_PER_K = 25e6
WINDOW_AREA_M2 = 4.0
PEOPLE_W = 180.0


@dataclass(slots=True)
class Building:
    """The temperature indoors, in degC."""

    indoor_c: float = 21.0

    def advance(
        self, seconds: float, *, outdoor_c: float, sunshine: float, heating_w: float, appliances_w: float
    ) -> None:
        """Move on by some seconds, under sunshine in W/m2, with the heat of radiators and appliances in W."""
        gained = heating_w + appliances_w + PEOPLE_W + WINDOW_AREA_M2 * sunshine
        lost = self._loss_w_per_k(outdoor_c) * (self.indoor_c - outdoor_c)
        self.indoor_c += (gained - lost) * seconds / CAPACITY_J_PER_K

    def _loss_w_per_k(self, outdoor_c: float) -> float:
        # In summer people open the windows before it gets uncomfortable.
        opens = self.indoor_c > WINDOWS_OPEN_ABOVE_C and outdoor_c < self.indoor_c
        return WINDOWS_OPEN_W_PER_K if opens else LOSS_W_PER_K
