import abc
from typing import Annotated

import pytest
from omegaconf import OmegaConf
from pydantic import ValidationError, model_validator

from av_td3.config.errors import ConfigError
from av_td3.config.limits import Interval
from av_td3.config.schema import ByTarget, Schema
from av_td3.config.validation import validated
from tests.config.schemas import all_schemas

HERE = "tests.config.test_schema"


class Shape(Schema, abc.ABC):
    """The type of a field."""

    name: str

    @abc.abstractmethod
    def area(self): ...


class Square(Shape):
    side: Annotated[float, Interval(0.0, 10.0)]

    def area(self):
        return self.side**2


class Fussy(Square):
    def __init__(self, **keys):
        super().__init__(**keys)
        raise RuntimeError("not on\na Monday")


class Even(Square):
    @model_validator(mode="after")
    def _even(self):
        if self.side % 2:
            raise ConfigError(f"shape.side={self.side:g}: must be even")
        return self


class Circle(Schema):
    name: str
    side: float


def a_function(**keys):
    return Square(**keys)


class Drawing(Schema):
    shape: Annotated[Shape, ByTarget()]
    more: dict[str, Annotated[Shape, ByTarget()]]


SQUARE = {"_target_": f"{HERE}.Square", "name": "a", "side": 2.0}


def drawing(shape=SQUARE, **more):
    return validated(OmegaConf.create({"shape": shape, "more": more}), Drawing)


def refusal(shape, **more):
    with pytest.raises(ConfigError) as refused:
        drawing(shape, **more)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_an_object_of_the_named_class_is_made_in_every_place():
    made = drawing(SQUARE, b=SQUARE | {"side": 3.0})
    assert type(made.shape) is type(made.more["b"]) is Square
    assert (made.shape.area(), made.more["b"].area()) == (4.0, 9.0)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        (
            {"_target_": f"{HERE}.Circle", "name": "a", "side": 2.0},
            f"shape._target_={HERE}.Circle: must be a class derived from",
        ),
        ({"_target_": f"{HERE}.a_function"}, f"shape._target_={HERE}.a_function: must be a class derived from {HERE}.Shape"),
        ({"_target_": f"{HERE}.Shape", "name": "a"}, f"shape._target_={HERE}.Shape: is abstract: it does not define area"),
        ({"_target_": f"{HERE}.Triangle"}, f"shape._target_={HERE}.Triangle: cannot be imported (AttributeError: "),
        ({"_target_": "no.such.Class"}, "shape._target_=no.such.Class: cannot be imported (ModuleNotFoundError: "),
        ({"_target_": "Square"}, "shape._target_=Square: must be the dotted name of a class, package.module.Class"),
        ({"_target_": 5}, "shape._target_=5: must be the dotted name of a class"),
        ({"name": "a", "side": 2.0}, "shape._target_=null: is missing; it names the class"),
        ({**SQUARE, "color": "red"}, "shape.color: no such key"),
        ({**SQUARE, "side": 11.0}, "shape.side=11.0: must be at least 0 and at most 10"),
        ({"_target_": f"{HERE}.Square", "name": "a"}, "shape.side: is missing; it has no default"),
        ({**SQUARE, "_partial_": True}, "shape._partial_=True: no such key"),
        ({**SQUARE, "_args_": [1]}, "shape._args_=[1]: no such key"),
        ({**SQUARE, "_recursive_": True}, "shape._recursive_=True: no such key"),
        ({**SQUARE, "_convert_": "all"}, "shape._convert_=all: no such key"),
        ({**SQUARE, "_target_": f"{HERE}.Fussy"}, f"{HERE}.Fussy raised RuntimeError: not on a Monday"),
        ({**SQUARE, "_target_": f"{HERE}.Even", "side": 3.0}, "shape.side=3: must be even"),
        (5, "shape=5: must be a mapping with _target_"),
        (None, "shape=null: must be a mapping with _target_"),
        ("Square", "shape=Square: must be a mapping with _target_"),
        ([SQUARE], "must be a mapping with _target_"),
    ],
)
def test_an_error_is_one_line_with_the_key(shape, words):
    assert words in refusal(shape)
    nested = words.replace("shape.", "more.b.", 1) if words.startswith("shape.") and "must be even" not in words else words
    nested = nested.replace("shape=", "more.b=", 1)
    assert nested in refusal(SQUARE, b=shape)


def test_a_module_that_raises_when_it_is_imported_is_an_error(tmp_path, monkeypatch):
    (tmp_path / "own_shapes.py").write_text("raise RuntimeError('first line\\nsecond line')\n")
    monkeypatch.syspath_prepend(tmp_path)
    said = refusal({"_target_": "own_shapes.Square"})
    assert said == "shape._target_=own_shapes.Square: cannot be imported (RuntimeError: first line second line)"


def test_nothing_of_a_class_of_another_kind_is_called(monkeypatch):
    monkeypatch.setattr(Circle, "__init__", lambda *_, **__: pytest.fail("called"))
    refusal({"_target_": f"{HERE}.Circle", "name": "a", "side": 2.0})


def test_an_object_is_taken_as_it_is():
    square = Square(name="a", side=1.0)
    assert Drawing(shape=square, more={}).shape is square


def test_what_is_written_down_can_be_read_again():
    made = drawing(SQUARE, b=SQUARE)
    dumped = made.model_dump(mode="json")
    assert dumped == {"shape": SQUARE, "more": {"b": SQUARE}}
    assert Drawing.model_validate(dumped) == made


def test_objects_do_not_change():
    square = Square(name="a", side=1.0)
    with pytest.raises(ValidationError, match="frozen"):
        square.side = 2.0
    assert square.model_copy(update={"side": 2.0}).side == 2.0
    assert square.side == 1.0


def test_text_may_look_like_a_number():
    assert Square(name=5, side=1.0).name == "5"


@pytest.mark.parametrize("kind", all_schemas(), ids=lambda kind: kind.__qualname__)
def test_schemas_hold_no_default_take_no_other_key_and_do_not_change(kind):
    """All defaults are in YAML."""
    assert all(field.is_required() for field in kind.model_fields.values())
    assert kind.model_config["extra"] == "forbid"
    assert kind.model_config["frozen"]


def test_text_that_looks_like_a_reference_stays_text(compose_config):
    lines = r"hardware.slurm.setup=['export A=\${HOME}/x', 'echo \\\${B}']"
    assert compose_config(lines).hardware.slurm.setup == ["export A=${HOME}/x", r"echo \${B}"]


@pytest.mark.parametrize("name", ["tests.config.leaves.Nothing", "run-av_td3.evil.C", "1a.B", "a..B", "B"])
def test_a_module_that_exits_and_what_is_no_name_are_refused(compose_config, tmp_path, monkeypatch, name):
    (tmp_path / "leaves.py").write_text("raise SystemExit(0)\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match=r"action\._target_="):
        compose_config(f"action._target_={'leaves.Nothing' if 'leaves' in name else name}")


@pytest.mark.parametrize(
    "key", ["resume_with_changes", "gate.exit_code", "hardware.compile", "algorithm.gradient_clipping.enabled"]
)
@pytest.mark.parametrize("value", ["no", "off", "1", "'false'"])
def test_a_switch_is_true_or_false(compose_config, key, value):
    with pytest.raises(ConfigError, match=f"{key}=.*must be true or false"):
        compose_config(f"{key}={value}")
