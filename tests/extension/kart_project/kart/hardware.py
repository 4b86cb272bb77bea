"""What a run computes on."""

from av_td3.config.hardware import Hardware


class SiteHardware(Hardware):
    """A site whose runs name a cost centre."""

    cost_centre: str
