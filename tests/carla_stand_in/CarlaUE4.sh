#!/bin/bash
# Stands in for CARLA's start script: it starts the server as a child of another name, passes its arguments on, and waits for it.
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
(exec -a CarlaUE4-Linux-Shipping "${STAND_IN_PYTHON:-python3}" "$here/shipping.py" CarlaUE4 "$@")
exit $?
