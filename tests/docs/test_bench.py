"""The benchmarks, a few seconds each."""

import pytest
import torch

from tests.docs.kinds import of_kind


@pytest.mark.parametrize(**of_kind("bench"))
def test_a_bench_ends_with_its_table(script, type_in, checkout):
    done = type_in(script)
    if "cuda" in script.words and not torch.cuda.is_available():
        assert done.stderr == "--device cuda: no CUDA device available, nothing was measured\n"
        return
    assert "┏━" in done.stdout
    assert "values are meaningless" in done.stdout
    for word in script.words[2:]:
        if word == "FILE" or word.endswith(".png"):
            assert (checkout / word).stat().st_size > 0
