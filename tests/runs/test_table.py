import pytest

from av_td3.runs.table import Table

ROWS = [(1, "a"), (2, "b"), (3, "c")]


@pytest.mark.parametrize("kept", range(4))
def test_a_table_is_cut_back_to_a_size_it_had_to_the_byte(tmp_path, kept):
    path = tmp_path / "rows.csv"
    table, sizes, contents = Table(path, ("number", "letter"), None), [], []
    for row in (*ROWS, None):
        sizes.append(table.size())
        contents.append(path.read_bytes())
        table.append([row] if row else [])
    table.close()
    resumed = Table(path, ("number", "letter"), sizes[kept])
    assert path.read_bytes() == contents[kept]
    resumed.append(ROWS[kept:])
    resumed.close()
    assert path.read_bytes() == contents[-1]
    assert contents[-1] == b"number,letter\r\n1,a\r\n2,b\r\n3,c\r\n"
