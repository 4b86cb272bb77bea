"""What a wrong configuration raises."""


class ConfigError(ValueError):
    """An invalid configuration. The message is one line that names the key, its value and what is allowed."""
