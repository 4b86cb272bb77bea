import numpy as np
import pytest

from av_td3 import load_policy
from tests.policies.saved_policy import observations, one, write_policy


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("policy") / "run"
    write_policy(folder)
    return load_policy(folder)


@pytest.mark.parametrize("n", [0, 1, 5])
def test_a_batch_gives_the_actions_of_its_observations(policy, n):
    batch = observations(n)
    actions, _ = policy.predict(batch)
    assert (actions.shape, actions.dtype) == ((n, 2), np.float32)
    for index in range(n):
        action, _ = policy.predict(one(batch, index))
        assert (action.shape, action.dtype) == ((2,), np.float32)
        np.testing.assert_array_equal(actions[index], action)
    assert len({tuple(action) for action in actions}) == n


def test_it_is_called_like_a_model_of_stable_baselines3(policy):
    seen, state = one(observations(1)), (np.zeros(3),)
    action, returned = policy.predict(seen, state, np.array([True]), False)
    assert returned is state
    np.testing.assert_array_equal(action, policy.predict(seen)[0])


def test_arrays_of_any_layout_and_lists_of_a_dtype_are_taken(policy):
    seen = one(observations(1))
    turned = {"image": np.ascontiguousarray(seen["image"][:, ::-1])[:, ::-1], "vector": seen["vector"]}
    np.testing.assert_array_equal(policy.predict(turned)[0], policy.predict(seen)[0])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda seen: seen.pop("image"), "must be a dict with the keys image, vector, not vector"),
        (lambda seen: seen.update(speed=1.0), "not image, vector, speed"),
        (lambda seen: seen.update(image=seen["image"] / 255.0), "image is float64 (4, 84, 84); must be uint8 (4, 84, 84)"),
        (
            lambda seen: seen.update(image=seen["image"][0]),
            "image is uint8 (84, 84); must be uint8 (4, 84, 84), or (n, 4, 84, 84)",
        ),
        (lambda seen: seen.update(image=seen["image"][None, None]), "image is uint8 (1, 1, 4, 84, 84)"),
        (lambda seen: seen.update(vector=seen["vector"][:3]), "vector is float32 (3,); must be float32 (23,), or (n, 23)"),
        (lambda seen: seen.update(vector=seen["vector"].astype(float)), "vector is float64 (23,); must be float32 (23,)"),
        (lambda seen: seen.update(vector=seen["vector"][None]), "same number of observations, not image one, vector 1"),
        (lambda seen: seen.update(observations(2) | {"vector": observations(3)["vector"]}), "not image 2, vector 3"),
    ],
)
def test_another_observation_is_refused_in_one_line(policy, change, words):
    seen = one(observations(1))
    change(seen)
    with pytest.raises(ValueError, match=r"^observation: ") as caught:
        policy.predict(seen)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_dict_is_refused(policy):
    with pytest.raises(ValueError, match="must be a dict with the keys image, vector, not ndarray"):
        policy.predict(np.zeros(23, np.float32))
