"""Lets Hydra find the files of ``kart/conf`` behind those of av_td3."""

from hydra.core.config_search_path import ConfigSearchPath
from hydra.plugins.search_path_plugin import SearchPathPlugin


class KartSearchPath(SearchPathPlugin):
    """Found by Hydra as soon as the package is installed."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        search_path.append(provider="kart", path="pkg://kart.conf")
