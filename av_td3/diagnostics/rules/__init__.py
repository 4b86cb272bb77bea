"""The rules of the diagnosis. Each detects one problem and recommends a change. Their names are fixed."""
