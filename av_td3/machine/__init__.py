"""Resources of the machine: cores, memory, processes, and leases among runs."""
