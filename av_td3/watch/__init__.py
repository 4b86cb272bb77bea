"""``av-td3 watch``: a local web page that shows what the car of a running run sees and does."""
