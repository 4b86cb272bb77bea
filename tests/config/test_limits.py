import math
from typing import Annotated

import pytest
from pydantic import TypeAdapter, ValidationError

from av_td3.config.limits import Form, Interval
from tests.config.schemas import all_schemas, annotation, numbers

FIELDS = [
    (f"{kind.__module__}.{kind.__qualname__}.{name}", field)
    for kind in all_schemas()
    for name, field in kind.model_fields.items()
]
LIMITED = [(name, kind, limit) for name, field in FIELDS for kind, limit in numbers(annotation(field)) if limit is not None]


def takes(annotated, value):
    try:
        TypeAdapter(annotated).validate_python(value)
    except ValidationError as error:
        assert error.errors()[0]["msg"]
        return False
    return True


def test_bounds_belong_to_an_interval_unless_it_is_open():
    closed, opened = Interval(0.0, 1.0), Interval(0.0, 1.0, open_low=True, open_high=True)
    assert [value in closed for value in (-0.1, 0.0, 0.5, 1.0, 1.1)] == [False, True, True, True, False]
    assert [value in opened for value in (-0.1, 0.0, 0.5, 1.0, 1.1)] == [False, False, True, False, False]


def test_inf_belongs_only_where_it_means_no_limit_and_nan_nowhere():
    for interval, with_inf in ((Interval(0.0, 1.0), False), (Interval(0.0, 1.0, infinite=True), True)):
        assert (math.inf in interval) is with_inf
        assert -math.inf not in interval
        assert math.nan not in interval


def test_an_interval_says_both_bounds_and_the_reason():
    assert str(Interval(1, 1e6)) == "at least 1 and at most 1000000"
    assert str(Interval(0.0, 1.0, "a share", open_low=True)) == "more than 0 and at most 1 (a share)"
    assert str(Interval(0.0, 1.0, open_high=True)) == "at least 0 and less than 1"
    assert str(Interval(1.0, 100.0, "why", infinite=True)) == "at least 1 and at most 100, or inf (why)"


@pytest.mark.parametrize("value", [1.0, 1e3, "1", "1e3", True, None, [1], math.nan, math.inf])
def test_an_integer_is_written_as_one(value):
    assert not takes(Annotated[int, Interval(0, 1e6)], value)
    assert takes(Annotated[int, Interval(0, 1e6)], 1)


@pytest.mark.parametrize("value", ["much", "inf", "nan", "2.0", True, False, None, [1.0]])
def test_a_number_is_no_word_and_no_truth(value):
    assert not takes(Annotated[float, Interval(0.0, 1.0)], value)
    assert takes(Annotated[float, Interval(0.0, 1.0)], 1)
    assert isinstance(TypeAdapter(Annotated[float, Interval(0.0, 1.0)]).validate_python(1), float)


def test_text_may_stand_for_a_number():
    """YAML writes inf as .inf and parses inf as text."""
    assert takes(Annotated[float, Interval(0.0, 1.0)], "0.5")
    assert takes(Annotated[float, Interval(0.0, 1.0, infinite=True)], "inf")


@pytest.mark.parametrize(("text", "right"), [("cpu", True), ("cuda:1", True), ("cuda:x", False), ("cpu ", False), ("", False)])
def test_a_form_is_that_of_the_whole_text(text, right):
    assert takes(Annotated[str, Form(r"cpu|cuda(:\d+)?", "cpu, cuda or cuda:N")], text) is right


def test_a_refusal_says_what_is_allowed():
    for annotated, value, words in (
        (Annotated[float, Interval(0.0, 1.0)], 2.0, "must be at least 0 and at most 1"),
        (Annotated[str, Form("a+", "letters a")], "b", "must be letters a"),
    ):
        with pytest.raises(ValidationError) as refused:
            TypeAdapter(annotated).validate_python(value)
        assert refused.value.errors()[0]["msg"] == words


def test_there_are_many_schemas_and_numbers():
    assert len(all_schemas()) > 30
    assert len(LIMITED) > 100


def test_every_number_of_every_schema_is_bounded():
    """Every number has an interval; rows of convolutions are checked separately."""
    free = [name for name, field in FIELDS for _, limit in numbers(annotation(field)) if limit is None]
    assert free == ["av_td3.agents.convolutional.ConvolutionalNetwork.convolutions"]


def test_inf_means_no_limit_in_the_keys_of_clipping_alone():
    unlimited = {name for name, _, limit in LIMITED if limit.infinite}
    clipping = "av_td3.agents.td3_config.GradientClipping"
    assert unlimited == {f"{clipping}.{name}" for name in ("actor_max_norm", "critic_max_norm", "norm_type")}


@pytest.mark.parametrize(("name", "kind", "limit"), LIMITED, ids=[name for name, _, _ in LIMITED])
def test_a_number_beyond_its_bounds_is_refused_and_the_bounds_are_not(name, kind, limit):
    annotated = Annotated[kind, limit]
    for value in (math.nan, -math.inf, kind(limit.low) - 1, 2 * kind(limit.high) + 1):
        assert not takes(annotated, value)
    assert takes(annotated, math.inf) is limit.infinite
    assert takes(annotated, kind(limit.low)) is not limit.open_low
    assert takes(annotated, kind(limit.high)) is not limit.open_high
