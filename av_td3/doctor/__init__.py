"""Whether this machine can run what the configuration describes: ``av-td3 doctor``."""
