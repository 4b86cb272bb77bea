import os

from av_td3.doctor.check import State
from av_td3.doctor.gpu_checks import check_gpus
from tests.machine.nvidia_smi_captures import LAPTOP, THREE_OF_TWO_MODELS, TWO_TITANS
from tests.simulator import vulkaninfo_captures

CARLA = "simulator=carla_binary"


def found(compose_config, *overrides, num_envs=1, visible=None):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CUDA")}
    environment |= {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    return list(check_gpus(compose_config(*overrides).simulator, num_envs, environment))


def test_without_a_gpu_only_a_carla_that_the_run_starts_has_a_warning(compose_config, no_programs):
    assert [check.state for check in found(compose_config)] == [State.OK]
    assert [check.state for check in found(compose_config, "simulator=carla")] == [State.OK]
    assert [check.state for check in found(compose_config, CARLA)] == [State.WARNING]


def test_gpus_are_listed_in_the_order_of_cuda(compose_config, install):
    install("nvidia-smi", TWO_TITANS)
    (gpus,) = found(compose_config, visible="1,0")
    assert gpus.state is State.OK
    assert gpus.text.startswith("cuda:0 is GPU 1, NVIDIA GeForce GTX TITAN X at 0000:09:00.0, 12285 of 12288 MiB free")


def test_gpus_that_are_hidden_are_said_to_be(compose_config, install):
    install("nvidia-smi", TWO_TITANS)
    (gpus,) = found(compose_config, visible="")
    assert "hides all 2" in gpus.text


def test_an_order_that_cannot_be_proved_is_a_warning_with_the_remedy(compose_config, install):
    install("nvidia-smi", THREE_OF_TWO_MODELS)
    (gpus,) = found(compose_config)
    assert gpus.state is State.WARNING
    assert "CUDA_DEVICE_ORDER=PCI_BUS_ID" in gpus.remedy


def test_carla_renders_on_the_last_gpu_whose_adapter_is_found_by_uuid(compose_config, install):
    install("nvidia-smi", TWO_TITANS)
    install("vulkaninfo", vulkaninfo_captures.TWO_TITANS)
    gpus, adapter = found(compose_config, CARLA)
    assert (gpus.state, adapter.state) == (State.OK, State.OK)
    assert adapter.text.startswith("0 for GPU 1: ")


def test_servers_on_several_gpus_of_a_node_are_a_warning(compose_config, install):
    install("nvidia-smi", TWO_TITANS)
    install("vulkaninfo", vulkaninfo_captures.TWO_TITANS)
    *_, last = found(compose_config, CARLA, num_envs=2)
    assert last.state is State.WARNING
    assert "7329" in last.text


def test_an_unknown_adapter_is_a_warning_unless_it_is_configured(compose_config, install):
    install("nvidia-smi", LAPTOP)
    install("vulkaninfo", "")
    _, adapter = found(compose_config, CARLA)
    assert adapter.state is State.WARNING
    assert "simulator.graphics_adapter" in adapter.remedy
    _, adapter = found(compose_config, CARLA, "simulator.graphics_adapter=1")
    assert adapter.state is State.OK


def test_memory_must_suffice_for_all_servers_of_a_gpu(compose_config, install):
    install("nvidia-smi", LAPTOP)
    assert "GPU memory" not in {check.name for check in found(compose_config, CARLA)}
    short = next(check for check in found(compose_config, CARLA, num_envs=2) if check.name == "GPU memory")
    assert short.state is State.WARNING
    assert "8192 MiB are needed" in short.text
