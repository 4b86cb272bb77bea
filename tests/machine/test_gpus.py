import dataclasses

import pytest

from av_td3.machine.gpus import QUERY, Gpu, UnknownGpuOrder, parse_nvidia_smi, read_gpus, visible_gpus
from tests.machine.nvidia_smi_captures import (
    BROKEN_GPU,
    OTHER_COLUMNS,
    TASKS_OF_ONE_NODE,
    THREE_OF_TWO_MODELS,
    TWO_OF_ONE_MODEL,
)

MIXED = parse_nvidia_smi(THREE_OF_TWO_MODELS)
SAME = parse_nvidia_smi(TWO_OF_ONE_MODEL)
BY_ADDRESS = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}


def visible(gpus, allowed, **environment):
    return [gpu.index for gpu in visible_gpus(gpus, environment | {"CUDA_VISIBLE_DEVICES": allowed})]


def test_a_line_is_a_gpu_with_the_address_that_lspci_prints():
    uuid = "GPU-c299b4b1-6c49-39d5-e363-3cfee8d1e21c"
    assert MIXED[2] == Gpu(2, uuid, "0000:42:00.0", "NVIDIA RTX 6000 Ada Generation", memory_total=49140, memory_used=2915)
    assert [gpu.pci for gpu in MIXED] == ["0000:0a:00.0", "0000:0b:00.0", "0000:42:00.0"]


def test_a_domain_of_more_than_four_digits_keeps_them():
    (gpu,) = parse_nvidia_smi(TWO_OF_ONE_MODEL.splitlines()[0].replace("00000000:0A", "00010000:0A"))
    assert gpu.pci == "10000:0a:00.0"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No devices were found\n",
        OTHER_COLUMNS,
        BROKEN_GPU,
        "0, GPU-1, 00000000:01:00.0, NVIDIA GB10, [N/A], [N/A]\n",
        "0, GPU-1, 01, NVIDIA T4, 15360, 3\n",
    ],
)
def test_other_lines_are_left_out(text):
    assert parse_nvidia_smi(text) == []
    assert parse_nvidia_smi(text + TWO_OF_ONE_MODEL) == SAME


def test_gpus_are_read_from_nvidia_smi(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert read_gpus() == []
    answer = f'[ "$*" = "{" ".join(QUERY[1:])}" ] || exit 2\n/bin/cat <<END\n{THREE_OF_TWO_MODELS}END'
    for script, expected in ((answer, MIXED), (answer + "\nexit 9", []), ("/bin/sleep 60", [])):
        (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "nvidia-smi").chmod(0o755)
        assert read_gpus(timeout=1.0) == expected


def test_without_the_variable_all_gpus_are_visible():
    assert visible_gpus(SAME, {}) == SAME
    assert visible_gpus(MIXED, BY_ADDRESS) == MIXED
    assert visible_gpus([], {}) == []


@pytest.mark.parametrize(
    ("allowed", "expected"), [("", []), ("-1", []), ("NoDevFiles", []), ("0", [0]), ("1, 0", [1, 0]), ("1", [1])]
)
def test_numbers_count_gpus_of_one_model(allowed, expected):
    assert visible(SAME, allowed) == expected


def test_each_slurm_task_of_a_node_has_a_gpu_0_of_its_own():
    gpus = [visible_gpus(parse_nvidia_smi(listed), {"CUDA_VISIBLE_DEVICES": "0"}) for listed in TASKS_OF_ONE_NODE]
    assert [gpu.uuid[:8] for (gpu,) in gpus] == ["GPU-b668", "GPU-6fb6"]
    assert visible(parse_nvidia_smi(TASKS_OF_ONE_NODE[1]), "1") == []  # the node's number, which CUDA does not know there


def test_the_list_ends_where_cuda_ends_it():
    assert visible(MIXED, "2,1,-1,0", **BY_ADDRESS) == [2, 1]
    assert visible(MIXED, "2,3,0", **BY_ADDRESS) == [2]
    assert visible(MIXED, "0,GPU-c299", **BY_ADDRESS) == [0]
    assert visible(MIXED, "1gpu", **BY_ADDRESS) == [1]  # read as C's strtoul reads it
    assert visible(MIXED, "GPU-c299,0,GPU-eb6c") == [2]
    assert visible(MIXED, "GPU-c299,GPU-ffff,GPU-eb6c") == [2]
    assert visible(MIXED[:1], "GPU-eb6c,") == [0]


def test_a_gpu_that_is_named_twice_leaves_none():
    assert visible(SAME, "0,1,0") == []
    assert visible(MIXED, "GPU-c2,GPU-c299") == []


def test_uuids_may_be_cut_short_while_they_are_unambiguous():
    assert visible(MIXED, f"{MIXED[2].uuid},{MIXED[0].uuid}") == [2, 0]
    assert visible(MIXED, "GPU-eb") == [0]
    assert visible(MIXED, "GPU-e") == []  # two begin so


def test_numbers_of_different_models_need_the_order_of_addresses():
    for environment in ({"CUDA_VISIBLE_DEVICES": "0"}, {}, {"CUDA_DEVICE_ORDER": "FASTEST_FIRST"}):
        with pytest.raises(UnknownGpuOrder, match="CUDA_DEVICE_ORDER=PCI_BUS_ID"):
            visible_gpus(MIXED, environment)
    assert visible(MIXED, "2", **BY_ADDRESS) == [2]


def test_order_of_addresses_is_not_that_of_nvidia_smi():
    addresses = ("10000:01:00.0", "f000:02:00.0", "0000:42:00.0")
    listed = [dataclasses.replace(gpu, pci=address) for gpu, address in zip(MIXED, addresses, strict=True)]
    assert [gpu.index for gpu in visible_gpus(listed, BY_ADDRESS)] == [2, 1, 0]
    assert visible(listed, "0", **BY_ADDRESS) == [2]


def test_numbers_say_nothing_where_a_gpu_is_missing_in_the_list():
    left = [MIXED[0], MIXED[2]]  # nvidia-smi cannot read the second
    with pytest.raises(UnknownGpuOrder, match="lists only GPU 0, 2"):
        visible(left, "1", **BY_ADDRESS)
    assert visible(left, "GPU-c299") == [2]


def test_the_gpu_of_a_slice_is_unknown():
    for name in ("MIG-63feeb45-94c6-5a4c-9d27-ad8cbd2e1c5a", "MIG-GPU-8932f937-d72c-4106-c12f-20bd9faed9f6/1/2"):
        with pytest.raises(UnknownGpuOrder, match="MIG") as error:
            visible(MIXED, name)
        assert "\n" not in str(error.value)
