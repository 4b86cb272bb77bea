"""The error of an invalid configuration."""


class ConfigError(ValueError):
    """An invalid configuration. The message is one line with the key, its value and the allowed values."""
