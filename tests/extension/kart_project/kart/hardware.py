"""What a run computes on."""

from av_td3.config.hardware import Hardware


class SiteHardware(Hardware):
    """A site that wants to know who pays."""

    cost_centre: str
