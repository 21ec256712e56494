"""The precision follows the hardware, or the setting."""

import pytest

from training.ml import precision

pytestmark = pytest.mark.models


@pytest.mark.parametrize(("native", "expected"), [(True, True), (False, False)])
def test_auto_computes_in_bfloat16_only_where_the_hardware_does(
    monkeypatch, native, expected
):
    import torch

    monkeypatch.setattr(precision, "computes_bfloat16", lambda device: native)

    with precision.autocast(torch.device("cpu")):
        assert torch.is_autocast_enabled("cpu") is expected


@pytest.mark.parametrize(("wanted", "dtype"), [("bfloat16", 2), ("float32", 4)])
def test_a_setting_overrules_what_the_hardware_has(wanted, dtype):
    import torch

    layer, rows = torch.nn.Linear(4, 2), torch.ones(1, 4)

    with precision.autocast(torch.device("cpu"), wanted):
        assert layer(rows).element_size() == dtype


def test_an_unknown_precision_is_refused():
    import torch

    with pytest.raises(ValueError, match="float16"):
        precision.autocast(torch.device("cpu"), "float16")
