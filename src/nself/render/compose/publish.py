"""Which of a container's ports are open on the machine, and at which address."""

from __future__ import annotations

from collections.abc import Mapping

from nself.model.ports import Key
from nself.model.spec import Endpoint

Published = Mapping[Key, Endpoint]
"""{(service, port name): address and port on the machine}. What is not in it is reached inside the network only."""
