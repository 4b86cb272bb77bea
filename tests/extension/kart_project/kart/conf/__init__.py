"""Files for the groups of av_td3's configuration."""
