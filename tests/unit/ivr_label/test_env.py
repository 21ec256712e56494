import pytest

from ivr_label.env import (
    SettingError,
    env_bool,
    env_int,
    env_list,
    env_secret,
    env_str,
)


def test_an_empty_variable_counts_as_not_set(monkeypatch):
    monkeypatch.setenv("COLOR", "  ")

    assert env_str("COLOR", "red") == "red"
    assert env_bool("COLOR", True) is True
    assert env_int("COLOR", 7) == 7
    assert env_list("COLOR", ("a",)) == ["a"]


@pytest.mark.parametrize("word, meaning", [("1", True), ("Yes", True), ("off", False)])
def test_env_bool_understands_the_usual_words(monkeypatch, word, meaning):
    monkeypatch.setenv("FLAG", word)

    assert env_bool("FLAG", not meaning) is meaning


def test_env_bool_refuses_a_word_it_does_not_know(monkeypatch):
    monkeypatch.setenv("FLAG", "maybe")

    with pytest.raises(SettingError, match="FLAG is 'maybe'; set it to 1 or 0"):
        env_bool("FLAG", False)


@pytest.mark.parametrize("value", ["ten", "1.5", "-1", "11"])
def test_env_int_refuses_what_is_no_number_in_range(monkeypatch, value):
    monkeypatch.setenv("COUNT", value)

    with pytest.raises(SettingError, match="COUNT is"):
        env_int("COUNT", 1, least=0, most=10)


def test_env_str_refuses_a_value_outside_its_choices(monkeypatch):
    monkeypatch.setenv("LEVEL", "LOUD")

    with pytest.raises(SettingError, match="one of: INFO, DEBUG"):
        env_str("LEVEL", "INFO", choices=("INFO", "DEBUG"))


def test_env_secret_reads_the_file_that_the_second_variable_names(
    monkeypatch, tmp_path
):
    (tmp_path / "key").write_text("s3cret\n")
    monkeypatch.setenv("KEY_FILE", str(tmp_path / "key"))

    assert env_secret("KEY") == "s3cret"


def test_env_secret_refuses_two_sources(monkeypatch, tmp_path):
    monkeypatch.setenv("KEY", "a")
    monkeypatch.setenv("KEY_FILE", str(tmp_path / "key"))

    with pytest.raises(SettingError, match="Both KEY and KEY_FILE"):
        env_secret("KEY")


def test_env_secret_names_the_file_it_cannot_read(monkeypatch, tmp_path):
    monkeypatch.setenv("KEY_FILE", str(tmp_path / "absent"))

    with pytest.raises(SettingError, match="cannot be read: No such file"):
        env_secret("KEY")
