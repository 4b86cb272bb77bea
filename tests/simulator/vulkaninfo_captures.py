"""What ``vulkaninfo --summary`` printed on machines whose owners published it, word for word."""

# github.com/Git-Rocky-Stack/Team-X/tree/main/docs/spikes/S2-fixtures/windows-nvidia, without its extensions.
# `nvidia-smi -L` there lists the two the other way round.
TWO_TITANS = """\
==========
VULKANINFO
==========

Vulkan Instance Version: 1.4.309


Instance Layers: count = 2
--------------------------
VK_LAYER_NV_optimus NVIDIA Optimus layer 1.4.312  version 1
VK_LAYER_NV_present NVIDIA GR2608 layer  1.4.312  version 1

Devices:
========
GPU0:
	apiVersion         = 1.4.312
	driverVersion      = 582.28.0.0
	vendorID           = 0x10de
	deviceID           = 0x17c2
	deviceType         = PHYSICAL_DEVICE_TYPE_DISCRETE_GPU
	deviceName         = NVIDIA GeForce GTX TITAN X
	driverID           = DRIVER_ID_NVIDIA_PROPRIETARY
	driverName         = NVIDIA
	driverInfo         = 582.28
	conformanceVersion = 1.4.1.3
	deviceUUID         = 4056aaf7-ba2a-a8f5-1bcb-5db6fd91ca8f
	driverUUID         = a70d28c3-efe0-5567-9edc-ff605278cc82
GPU1:
	apiVersion         = 1.4.312
	driverVersion      = 582.28.0.0
	vendorID           = 0x10de
	deviceID           = 0x17c2
	deviceType         = PHYSICAL_DEVICE_TYPE_DISCRETE_GPU
	deviceName         = NVIDIA GeForce GTX TITAN X
	driverID           = DRIVER_ID_NVIDIA_PROPRIETARY
	driverName         = NVIDIA
	driverInfo         = 582.28
	conformanceVersion = 1.4.1.3
	deviceUUID         = 90b5d104-c751-0f3d-a02c-71711408661f
	driverUUID         = a70d28c3-efe0-5567-9edc-ff605278cc82
"""

# github.com/hybridgroup/yzma/blob/main/BENCHMARKS.md: CUDA's only GPU is Vulkan's second.
LAPTOP = """\
==========
VULKANINFO
==========

Vulkan Instance Version: 1.3.275

Devices:
========
GPU0:
        apiVersion         = 1.4.318
        driverVersion      = 25.2.8
        vendorID           = 0x8086
        deviceID           = 0xa788
        deviceType         = PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU
        deviceName         = Intel(R) Graphics (RPL-S)
        driverID           = DRIVER_ID_INTEL_OPEN_SOURCE_MESA
        driverName         = Intel open-source Mesa driver
        driverInfo         = Mesa 25.2.8-0ubuntu0.24.04.1
        conformanceVersion = 1.4.0.0
        deviceUUID         = 868088a7-0400-0000-0002-000000000000
        driverUUID         = 032fbbbb-ddee-3516-8477-c17071969177
GPU1:
        apiVersion         = 1.4.312
        driverVersion      = 580.95.5.0
        vendorID           = 0x10de
        deviceID           = 0x2860
        deviceType         = PHYSICAL_DEVICE_TYPE_DISCRETE_GPU
        deviceName         = NVIDIA GeForce RTX 4070 Laptop GPU
        driverID           = DRIVER_ID_NVIDIA_PROPRIETARY
        driverName         = NVIDIA
        driverInfo         = 580.95.05
        conformanceVersion = 1.4.1.3
        deviceUUID         = 7e611089-1272-699d-8985-ab84fef4311e
        driverUUID         = b92269a1-b525-5615-ab8a-e2095ee37192
"""

# github.com/modal-labs/modal-examples/issues/869: nvidia-smi in this container lists a Tesla T4.
ONLY_LLVMPIPE = """\
Devices:
========
GPU0:
        apiVersion         = 4206847 (1.3.255)
        driverVersion      = 1 (0x0001)
        vendorID           = 0x10005
        deviceID           = 0x0000
        deviceType         = PHYSICAL_DEVICE_TYPE_CPU
        deviceName         = llvmpipe (LLVM 15.0.7, 256 bits)
        driverID           = DRIVER_ID_MESA_LLVMPIPE
        driverName         = llvmpipe
        driverInfo         = Mesa 23.2.1-1ubuntu3.1~22.04.2 (LLVM 15.0.7)
        conformanceVersion = 1.3.1.1
        deviceUUID         = 6d657361-3233-2e32-2e31-2d3175627500
        driverUUID         = 6c6c766d-7069-7065-5555-494400000000
"""

# github.com/nomic-ai/gpt4all/issues/1557
WITHOUT_UUIDS = """\
Devices:
========
GPU0:
	apiVersion         = 1.3.224
	driverVersion      = 525.125.6.384
	vendorID           = 0x10de
	deviceID           = 0x1f08
	deviceType         = PHYSICAL_DEVICE_TYPE_DISCRETE_GPU
	deviceName         = NVIDIA GeForce RTX 2060
	driverID           = DRIVER_ID_NVIDIA_PROPRIETARY
	driverName         = NVIDIA
	driverInfo         = 525.125.06
	conformanceVersion = 1.3.3.1
GPU1:
	apiVersion         = 1.3.230
	driverVersion      = 0.0.1
	vendorID           = 0x10005
	deviceID           = 0x0000
	deviceType         = PHYSICAL_DEVICE_TYPE_CPU
	deviceName         = llvmpipe (LLVM 15.0.6, 256 bits)
	driverID           = DRIVER_ID_MESA_LLVMPIPE
	driverName         = llvmpipe
	driverInfo         = Mesa 22.3.6 (LLVM 15.0.6)
	conformanceVersion = 1.3.1.1
"""

# github.com/aejsmith/vkdevicechooser/issues/19, where grep left these lines only: GPUs of two makers among software renderers,
# from drivers of two versions.
FIVE_DEVICES = """\
GPU0:
        deviceName         = AMD RADV NAVY_FLOUNDER (ACO)
        driverInfo         = Mesa 20.3.5 (ACO)
GPU1:
        deviceName         = llvmpipe (LLVM 11.0.1, 256 bits)
        driverInfo         = Mesa 20.3.5 (LLVM 11.0.1)
GPU2:
        deviceName         = NVIDIA GeForce GTX 1650
        driverInfo         = 470.103.01
GPU3:
        deviceName         = llvmpipe (LLVM 11.0.1, 256 bits)
        driverInfo         = Mesa 22.0.2 (git-f1d9e66a84) (LLVM 11.0.1)
GPU4:
        deviceName         = AMD RADV NAVY_FLOUNDER
        driverInfo         = Mesa 22.0.2 (git-f1d9e66a84)
"""
