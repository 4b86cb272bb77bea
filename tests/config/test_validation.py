from typing import Annotated, Literal

import pytest
from omegaconf import OmegaConf
from pydantic import Field

from av_td3.config.errors import ConfigError
from av_td3.config.limits import Form, Interval
from av_td3.config.schema import Schema
from av_td3.config.validation import keys_of, unknown_key, validated


class Inner(Schema):
    speed: Annotated[float, Interval(0.0, 1.0)]


class Part(Schema):
    count: Annotated[int, Interval(1, 5)]
    color: Literal["gray", "rgb"]
    on: bool
    title: str
    device: Annotated[str, Form("cpu|gpu", "cpu or gpu")]
    widths: Annotated[list[Annotated[int, Interval(1, 9)]], Field(min_length=1, max_length=2)]
    inner: Inner
    weights: dict[str, Annotated[float, Interval(-1.0, 1.0)]]
    threads: Annotated[int, Interval(1, 8)] | None


RIGHT = {
    "count": 1, "color": "rgb", "on": True, "title": "a", "device": "cpu", "widths": [1], "inner": {"speed": 0.5},
    "weights": {"a": 0.5}, "threads": None,
}  # fmt: skip


def refusal(*changes, **more):
    content = OmegaConf.create(RIGHT)
    for key, value in changes:
        OmegaConf.update(content, key, value, merge=False, force_add=True)
    with pytest.raises(ConfigError) as refused:
        validated(content, Part, **more)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_what_is_right_becomes_an_object():
    part = validated(OmegaConf.create(RIGHT), Part)
    assert (part.inner.speed, part.widths, part.threads) == (0.5, [1], None)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("count", "abc", "count=abc: must be an integer"),
        ("count", 2.5, "count=2.5: must be an integer"),
        ("count", 2.0, "count=2.0: must be an integer, written as one: 2"),
        ("count", 6, "count=6: must be at least 1 and at most 5"),
        ("count", None, "count=null: must be an integer"),
        ("color", "blue", "color=blue: must be one of gray, rgb"),
        ("on", "perhaps", "on=perhaps: must be true or false"),
        ("title", [1], "title=[1]: must be text"),
        ("device", "tpu", "device=tpu: must be cpu or gpu"),
        ("widths", 5, "widths=5: must be a list"),
        ("widths", [1, 0], "widths=[1, 0]: must be at least 1 and at most 9"),
        ("widths", ["a"], "widths=['a']: must be an integer"),
        ("widths", [], "widths=[]: must have 1 or more entries"),
        ("widths", [1, 2, 3], "widths=[1, 2, 3]: must have at most 2 entries"),
        ("inner", 5, "inner=5: must be a mapping of names to values"),
        ("inner.speed", "fast", "inner.speed=fast: must be a number"),
        ("inner.speed", 2.0, "inner.speed=2.0: must be at least 0 and at most 1"),
        ("inner.sped", 2.0, "inner.sped: no such key; did you mean inner.speed?"),
        ("weights", [1], "weights=[1]: must be a mapping of names to values"),
        ("weights.b", 3.0, "weights.b=3.0: must be at least -1 and at most 1"),
        ("threads", 9, "threads=9: must be at least 1 and at most 8"),
        ("extra", 1, "extra: no such key"),
        ("count", "${nope}", "count: Interpolation key 'nope' not found"),
        ("count", "${count}", "count: Recursive interpolation detected"),
    ],
)
def test_an_error_names_the_key_its_value_and_what_is_allowed(key, value, words):
    assert refusal((key, value)).startswith(words)


def test_a_key_that_is_missing_is_named():
    for key in ("count", "inner.speed", "inner"):
        content = OmegaConf.create(RIGHT)
        *path, last = key.split(".")
        del (content[path[0]] if path else content)[last]
        with pytest.raises(ConfigError, match=rf"^{key}: is missing; it has no default$"):
            validated(content, Part)


def test_what_is_wrong_comes_before_what_is_missing():
    content = OmegaConf.create({"title": [1]})
    with pytest.raises(ConfigError, match=r"^title="):
        validated(content, Part)


def test_a_long_value_is_cut():
    said = refusal(("widths", list(range(1000))))
    assert said.startswith("widths=[0, 1, 2")
    assert len(said) < 200


def test_a_prefix_says_where_a_part_belongs():
    assert refusal(("inner.speed", 2.0), prefix="part.").startswith("part.inner.speed=2.0: ")
    assert refusal(("inner.sped", 2.0), prefix="part.") == "part.inner.sped: no such key; did you mean part.inner.speed?"


KEYS = ["seed", "algorithm._target_", "algorithm.actor_lr", "algorithm.critic_lr", "algorithm.discount", "network.hidden_dims"]


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("sed", "seed"),
        ("algorithm.actorlr", "algorithm.actor_lr"),
        ("algorithm.lr", "algorithm.actor_lr"),
        ("algorithm.learning_rate", "algorithm.actor_lr"),
        ("algorithm.gamma", "algorithm.discount"),
        ("network.hidden", "network.hidden_dims"),
    ],
)
def test_the_nearest_key_is_suggested(key, near):
    assert unknown_key(key, KEYS) == f"{key}: no such key; did you mean {near}?"


def test_where_none_is_near_none_is_suggested_and_no_target_ever():
    assert unknown_key("qqq", KEYS) == "qqq: no such key; conf/ lists them all"
    assert "_target_" not in unknown_key("algorithm.target", KEYS)


def test_keys_are_those_of_the_leaves():
    assert keys_of({"a": {"b": 1, "c": {"d": [1, 2]}}, "e": None, "f": {}}) == ["a.b", "a.c.d", "e", "f"]
