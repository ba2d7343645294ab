"""The files of services: text that each system's own reader accepts."""

from __future__ import annotations

import configparser
import os
import plistlib
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cass.daemon.service import Service, install, service, uninstall

COMMAND = ("/opt/a b/python3", "-m", "cass", "worker", "run")
ODD = '100% $HOME "quoted" <&> back\\slash'
TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


def made(platform: str, home: str = "/home/you", **env: str) -> Service:
    return service(platform, COMMAND, env, home, "/config", "/data/worker.log")


def unit(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return parser


def test_systemd() -> None:
    """A service with the lowest priority, which nobody keeps alive, and a timer that starts it again."""
    (path, text), (timer_path, timer) = made("linux").files

    assert path == os.path.join("/home/you/.config", "systemd", "user", "cass-worker.service")
    assert timer_path == os.path.join("/home/you/.config", "systemd", "user", "cass-worker.timer")
    assert dict(unit(text)["Service"]) == {
        "Type": "exec",
        "ExecStart": '"/opt/a b/python3" "-m" "cass" "worker" "run"',
        "Nice": "19",
        "CPUSchedulingPolicy": "batch",
        "IOSchedulingClass": "idle",
        "SuccessExitStatus": "7",
        "TimeoutStopSec": "30",
        "NoNewPrivileges": "yes",
        "UMask": "0077",
    }
    assert unit(timer)["Timer"]["OnUnitInactiveSec"] == "600"


def test_systemd_is_told_where_things_are() -> None:
    """Folders that variables name go along; nothing else does, and no key."""
    env = {"CASS_DATA_DIR": ODD, "CASS_REMOTE_API_KEY": "secret", "PATH": "/bin", "XDG_CONFIG_HOME": "/x"}
    (path, text), _ = made("linux", **env).files

    assert path.startswith("/x")
    kept = [line for line in text.splitlines() if line.startswith("Environment=")]
    assert kept == [
        'Environment="CASS_DATA_DIR=100%% $HOME \\"quoted\\" <&> back\\\\slash"',
        'Environment="XDG_CONFIG_HOME=/x"',
    ]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_accepts_it(tmp_path: Path) -> None:
    """Its own check has nothing to say about either file."""
    program = tmp_path / "a b % $ program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    home = str(tmp_path)
    units = service("linux", (str(program), "worker", "$HOME %n"), {"CASS_DATA_DIR": ODD}, home, home, home)
    for path, text in units.files:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        Path(path).write_text(text)

    done = subprocess.run(
        ["systemd-analyze", "--user", "--man=no", "verify", *[path for path, _ in units.files]],
        env={"PATH": os.environ["PATH"], "HOME": home, "XDG_RUNTIME_DIR": home},
        capture_output=True,
        text=True,
        check=False,
    )

    assert [line for line in done.stderr.splitlines() if "cass-worker" in line] == []


def test_launchd() -> None:
    """A background agent that is started every ten minutes, whatever its words hold."""
    wanted = service("darwin", (*COMMAND, ODD), {"CASS_DATA_DIR": ODD}, "/Users/you", "/config", "/data/worker.log")
    ((path, text),) = wanted.files

    assert path == os.path.join("/Users/you", "Library", "LaunchAgents", "cass.worker.plist")
    assert plistlib.loads(text.encode()) == {
        "Label": "cass.worker",
        "ProgramArguments": [*COMMAND, ODD],
        "EnvironmentVariables": {"CASS_DATA_DIR": ODD},
        "StartInterval": 600,
        "RunAtLoad": True,
        "ProcessType": "Background",
        "LowPriorityIO": True,
        "Nice": 19,
        "StandardOutPath": "/data/worker.log",
        "StandardErrorPath": "/data/worker.log",
    }
    assert wanted.enable == (("launchctl", "load", "-w", path),)


def test_windows() -> None:
    """A task of this user's, without a window, one at a time, with the lowest priority."""
    command = ("C:\\a b\\python.exe", "-m", "cass", "worker", "run", "--data-dir", 'C:\\my "data"\\')
    wanted = service("win32", command, {"USERDOMAIN": "PC", "USERNAME": "you & me"}, "", "/config", "")
    ((_, text),) = wanted.files
    root = ElementTree.fromstring(text.encode(wanted.encoding))

    def said(name: str) -> str | None:
        return root.findtext(f".//{TASK}{name}")

    assert said("Command") == "C:\\a b\\pythonw.exe"
    assert said("Arguments") == '-m cass worker run --data-dir "C:\\my \\"data\\"\\\\"'
    assert said("UserId") == "PC\\you & me"
    assert said("MultipleInstancesPolicy") == "IgnoreNew"
    assert said("Interval") == "PT600S"
    assert said("Priority") == "9"
    assert said("RunLevel") == "LeastPrivilege"


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_installed_and_removed(tmp_path: Path, platform: str) -> None:
    """Files are written before they are switched on, switched off before they go, and twice is no failure."""
    home = str(tmp_path)
    wanted = service(platform, COMMAND, {}, home, home, home)
    ran: list[str] = []

    def run(command: object) -> int:
        assert isinstance(command, tuple)
        ran.append(command[0])
        return 0

    assert install(wanted, run) is None
    assert [Path(path).read_bytes().decode(wanted.encoding) for path, _ in wanted.files] == [t for _, t in wanted.files]
    assert len(ran) == len(wanted.enable)

    assert uninstall(wanted, run) == tuple(path for path, _ in wanted.files)
    assert uninstall(wanted, run) == ()
    assert len(ran) == len(wanted.enable) + len(wanted.disable) + len(wanted.forget)


def test_a_system_that_refuses(tmp_path: Path) -> None:
    """The command that failed is named, for the person to try."""
    wanted = service("linux", COMMAND, {}, str(tmp_path), "", "")

    assert install(wanted, lambda command: 1) == (("systemctl", "--user", "daemon-reload"), 1)
