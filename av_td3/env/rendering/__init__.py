"""What ``render`` shows: an image of the car, a map of what is around it, and a strip of numbers."""
