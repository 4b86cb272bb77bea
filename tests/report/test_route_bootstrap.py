import numpy as np
import pytest

from av_td3.report.route_bootstrap import estimate, estimate_share, p_value, resample


def crossed(rng, policies, routes, policy_sd, route_sd, noise_sd, mean=0.5):
    """Means of crossed policies and routes."""
    return (
        mean
        + rng.normal(0.0, policy_sd, (policies, 1))
        + rng.normal(0.0, route_sd, (1, routes))
        + rng.normal(0.0, noise_sd, (policies, routes))
    )


@pytest.mark.parametrize(
    ("policies", "routes", "policy_sd"), [(1, 5, 0.0), (1, 20, 0.0), (3, 12, 0.0), (6, 12, 0.3), (10, 10, 1.0)]
)
def test_an_interval_contains_the_mean_about_as_often_as_it_says(policies, routes, policy_sd):
    rng = np.random.default_rng(1)
    found = [estimate(crossed(rng, policies, routes, policy_sd, 1.0, 0.5)) for _ in range(200)]
    covered = np.mean([one.low <= 0.5 <= one.high for one in found])
    assert 0.91 <= covered <= 0.995  # the smallest of these is 2.6 standard errors of 200 trials below 0.95


def test_with_few_policies_the_interval_is_of_the_routes_only():
    rng = np.random.default_rng(0)
    few, many = (estimate(crossed(rng, count, 20, 1.0, 0.1, 0.1)) for count in (4, 5))
    assert (few.over, many.over) == ("routes", "policies and routes")
    assert many.high - many.low > 3.0 * (few.high - few.low)


def test_few_routes_have_a_mean_but_no_interval():
    found = estimate(np.array([[1.0, 2.0, 3.0, 6.0]]))
    assert found.mean == 3.0
    assert np.isnan([found.low, found.high]).all()
    assert found.reason == "4 routes; an interval needs 5"


def test_a_route_that_was_not_measured_does_not_count():
    cells = np.array([[1.0, 2.0, 3.0, 4.0, 5.0, np.nan], [2.0, 3.0, 4.0, 5.0, np.nan, np.nan]])
    found, whole = estimate(cells), estimate(cells[:, :5])
    assert found == whole
    assert found.mean == pytest.approx(np.mean([1.5, 2.5, 3.5, 4.5, 5.0]))
    assert estimate(cells[:, 5:]).reason == "not measured"


def test_equal_values_have_no_interval():
    assert estimate(np.full((2, 8), 0.3)).reason == "the routes do not differ"
    assert np.isnan(estimate(np.full((2, 8), 0.3)).low)


@pytest.mark.parametrize(("value", "low", "high"), [(1.0, 0.692, 1.0), (0.0, 0.0, 0.308)])
def test_ten_routes_without_exception_are_no_certainty(value, low, high):
    found = estimate_share(np.full((2, 10), value))
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-3)  # 1 - 0.025 ** (1 / 10)


def test_an_estimate_is_reproducible():
    cells = crossed(np.random.default_rng(0), 6, 12, 0.3, 1.0, 0.5)
    assert estimate(cells) == estimate(cells.copy())


def test_the_p_value_inverts_the_interval():
    rng = np.random.default_rng(3)
    for mean in np.linspace(0.0, 1.0, 40):
        cells = crossed(rng, 1, 12, 0.0, 1.0, 0.0, mean)
        found = estimate(cells)
        assert (p_value(resample(cells)) < 0.05) == (found.low > 0.0 or found.high < 0.0)


def test_p_values_are_rarely_small_where_there_is_no_difference():
    rng = np.random.default_rng(4)
    small = np.mean([p_value(resample(crossed(rng, 1, 15, 0.0, 1.0, 0.0, 0.0))) < 0.05 for _ in range(300)])
    assert small <= 0.09
