from bolus.io import write_table


def test_a_table_has_a_word_for_what_is_not_known(tmp_path):
    write_table(tmp_path / "a.tsv", [{"name": "cbf", "low": 1.5}, {"name": "mtt", "low": None}])
    assert (tmp_path / "a.tsv").read_bytes() == b"name\tlow\ncbf\t1.5\nmtt\tn/a\n"
