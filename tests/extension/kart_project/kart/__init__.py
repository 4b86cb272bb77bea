"""A package of somebody else: an option of each kind, with keys of its own. Nothing of av_td3 is changed for it."""
