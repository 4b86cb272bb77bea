"""Folders of runs with frames for tests."""

import base64
import io
import json

import numpy as np
from PIL import Image

from av_td3.runs.live import LiveFrame, write_frame
from av_td3.runs.town_map import write_lanes


def png(shade=128, size=84, cameras=1):
    """A camera's image in base64: sky above a road that is ``shade`` bright."""
    image = np.full((size, size * cameras, 3), 200, np.uint8)
    image[size // 2 :] = shade
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def frame(step=40, **changes):
    content = {
        "step": step,
        "total_steps": 1000,
        "score": 12.5,
        "episode": 3,
        "episode_step": step,
        "action": {"steering": -0.25, "pedal": 0.5},
        "speed": 6.25,
        "position": (100.0 + step / 10, 50.0),
        "trail": [(100.0 + index / 10, 50.0) for index in range(step + 1)],
        "terms": {"progress": 0.4, "lane_centring": -0.1},
        "reward": 0.3,
        "episode_reward": 4.0,
        "route_completion": 0.2,
        "ending": None,
        "previous": {"episode": 2, "ending": "collision", "reward": -3.0, "route_completion": 0.1},
        "image": png(),
    }
    return LiveFrame(**content | changes)


def run_folder(tmp_path, state="running", **status):
    """The folder of a run without frames."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "status.json").write_text(json.dumps({"state": state, "step": 40, "verdict": None, "alerts": {}} | status))
    write_lanes(folder, [np.array([[0.0, 48.0], [200.0, 48.0]]), np.array([[0.0, 52.0], [200.0, 52.0]])])
    return folder


def show(folder, step, env_index=0, **changes):
    write_frame(folder, env_index, frame(step, **changes))
