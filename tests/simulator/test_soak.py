from av_td3.simulator import server_record
from tests.soak import LEASED_PORTS, soak


def test_every_fault_is_counted_and_nothing_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(server_record, "lease_folder", server_record.lease_folder)  # soak replaces it
    done = soak(tmp_path, 60)
    assert done.episodes == 60
    assert done.restarts == done.starts - 1 >= 2
    assert done.lost <= done.restarts
    assert done.left == 0
    assert done.descriptors[1] - done.descriptors[0] == LEASED_PORTS
    assert done.memory[1] - done.memory[0] < 10.0  # MB
