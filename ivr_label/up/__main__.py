"""`python -m ivr_label.up`; the variables PORT, IVR_DATA_DIR and DEMO may be set."""

import sys

from ivr_label.bootstrap import SetUpError, wanted_port
from ivr_label.embedded.places import EmbeddedError
from ivr_label.env import SettingError, env_bool


def main() -> None:
    try:
        port = wanted_port()
        with_demo = env_bool("DEMO", True)
        from .supervisor import Supervisor

        Supervisor(port=port, with_demo=with_demo).run()
    except (SetUpError, EmbeddedError, SettingError) as error:
        sys.exit(f"ivr-label: {error}")


if __name__ == "__main__":
    main()
