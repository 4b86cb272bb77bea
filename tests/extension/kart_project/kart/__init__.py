"""A package that extends av_td3 with an option of each kind."""
