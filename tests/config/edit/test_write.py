"""Files are replaced in one step, and looked at before by the very same step."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from auger_reconcile.config.edit.write import check_replaceable, replace_file


def test_a_file_that_is_looked_at_stays_as_it_is(tmp_path: Path) -> None:
    file, link = tmp_path / "auger.yaml", tmp_path / "link.yaml"
    file.write_bytes(b"\xef\xbb\xbfname: shop\r\n")
    file.chmod(0o440)  # it can be replaced, as its folder can be written
    os.utime(file, ns=(1, 2))
    link.symlink_to(file)
    check_replaceable(link)
    assert link.is_symlink()
    assert file.read_bytes() == b"\xef\xbb\xbfname: shop\r\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o440
    assert file.stat().st_mtime_ns == 2
    assert sorted(tmp_path.iterdir()) == [file, link]


def test_what_keeps_a_file_from_being_replaced_is_seen_before(tmp_path: Path) -> None:
    file = tmp_path / ("l" * 250)  # no name is left for a new one beside it, whoever asks
    file.write_text("name: shop")
    with pytest.raises(OSError, match="File name too long"):
        check_replaceable(file)
    with pytest.raises(OSError, match="File name too long"):
        replace_file(file, "name: other")
    assert file.read_text() == "name: shop"


def test_a_file_that_cannot_be_written_is_named_itself(tmp_path: Path) -> None:
    path = tmp_path / "none" / "auger.yaml"
    with pytest.raises(FileNotFoundError) as caught:
        replace_file(path, "name: shop\n")
    assert caught.value.filename == str(path)
