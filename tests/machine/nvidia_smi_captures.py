"""What ``nvidia-smi`` printed on machines whose owners published it, as ``gpus.QUERY`` would print it.

Nobody has published exactly these columns; what was moved or comes from elsewhere is said beside each text.
"""

# github.com/Listener-Watcher/anphancode/blob/main/graph/run_model.sh, of index, uuid, pci.bus_id, name, memory.used,
# memory.total, utilization.gpu: the two kinds of memory changed places, units and utilization are left out.
THREE_OF_TWO_MODELS = """\
0, GPU-eb6c0716-025b-941f-3e3d-bab07b5a9539, 00000000:0A:00.0, NVIDIA GeForce RTX 2080 Ti, 11264, 58
1, GPU-e0e428ea-6d61-746a-65d1-df5a0fbaef9d, 00000000:0B:00.0, NVIDIA GeForce RTX 2080 Ti, 11264, 9
2, GPU-c299b4b1-6c49-39d5-e363-3cfee8d1e21c, 00000000:42:00.0, NVIDIA RTX 6000 Ada Generation, 49140, 2915
"""
TWO_OF_ONE_MODEL = "".join(THREE_OF_TWO_MODELS.splitlines(keepends=True)[:2])

# github.com/hybridgroup/yzma/blob/main/BENCHMARKS.md, a laptop with an Intel GPU as well: the table of plain `nvidia-smi`; name
# and UUID are as Vulkan prints them there.
LAPTOP = "0, GPU-7e611089-1272-699d-8985-ab84fef4311e, 00000000:01:00.0, NVIDIA GeForce RTX 4070 Laptop GPU, 8188, 15\n"

# github.com/Git-Rocky-Stack/Team-X/tree/main/docs/spikes/S2-fixtures/windows-nvidia, `nvidia-smi -L` and the memory of a query;
# addresses and used memory are not there, and ours.
TWO_TITANS = """\
0, GPU-90b5d104-c751-0f3d-a02c-71711408661f, 00000000:05:00.0, NVIDIA GeForce GTX TITAN X, 12288, 3
1, GPU-4056aaf7-ba2a-a8f5-1bcb-5db6fd91ca8f, 00000000:09:00.0, NVIDIA GeForce GTX TITAN X, 12288, 3
"""

# github.com/NVIDIA/deepops/issues/1102, `nvidia-smi -L` in two tasks of a SLURM job that have one GPU of a node each; addresses
# and memory are not there, and ours.
TASKS_OF_ONE_NODE = (
    "0, GPU-b668a901-6b19-5c0c-554c-cce49d58af0a, 00000000:06:00.0, Tesla P100-SXM2-16GB, 16384, 0\n",
    "0, GPU-6fb6d3db-aafb-f8da-a089-89b8077580fe, 00000000:07:00.0, Tesla P100-SXM2-16GB, 16384, 0\n",
)

# github.com/con/duct/issues/144, word for word: six columns, but others.
OTHER_COLUMNS = """\
index, name, pci.bus_id, driver_version, memory.total [MiB], compute_mode
0, NVIDIA RTX A5500 Laptop GPU, 00000000:01:00.0, 535.183.01, 16384 MiB, Default
"""

# github.com/akash-network/support/issues/209, word for word: a GPU that has fallen off the bus.
BROKEN_GPU = "Unable to determine the device handle for GPU0000:A1:00.0: Unknown Error\n"
