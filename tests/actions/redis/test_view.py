"""What CLUSTER NODES says, as Redis 7 and Valkey write it."""

from __future__ import annotations

from nself.actions.redis.view import parse

TEXT = """\
07c37df 127.0.0.1:30004@31004,redis-2 slave e7d1eec 0 1426238317239 4 connected
67ed2db 127.0.0.1:30002@31002 master,fail? - 1426238316232 1426238316232 2 disconnected 5461-10922
e7d1eec :30001@31001 myself,master - 0 0 1 connected 0-2 5460 [93-<-67ed2db] [77->-07c37df]
"""


def test_a_node_knows_roles_slots_and_what_is_on_its_way() -> None:
    found = parse(TEXT)
    itself = found["e7d1eec"]
    assert (itself.slots, itself.coming, itself.leaving) == ({0, 1, 2, 5460}, {93: "67ed2db"}, {77: "07c37df"})
    assert (itself.is_master, itself.well) == (True, True)
    assert (found["07c37df"].master, found["07c37df"].is_master, found["07c37df"].well) == ("e7d1eec", False, True)
    assert not found["67ed2db"].well
    assert len(found["67ed2db"].slots) == 5462


def test_nothing_said_is_no_node() -> None:
    assert parse("\n") == {}
