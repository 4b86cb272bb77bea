from av_td3.config.difference import differences


def test_numbers_are_compared_as_numbers():
    assert differences({"a": {"b": 200.0, "c": 1}}, {"a": {"b": 200, "c": 1.0}}) == []


def test_differences_are_text_as_in_yaml():
    first, second = {"a": {"b": None, "c": [1, 2]}, "only": True}, {"a": {"b": 0.5, "c": [1, 3]}}
    assert differences(first, second) == [("a.b", "null", "0.5"), ("a.c", "[1, 2]", "[1, 3]"), ("only", "True", "-")]
