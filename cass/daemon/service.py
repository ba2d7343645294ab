"""The files that make a system start the worker by itself: systemd for a user, a launchd agent, a Windows task.

Pure text.  None of them keeps the worker alive: it leaves when nothing is owed, and is started again after ten
minutes; one that finds another at work leaves at once, which is no failure.
"""

from __future__ import annotations

import os

from cass.daemon.empty_folders import remove_empty_folders
from cass.disk import make_private_folder, write_whole
from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

NAME = "cass-worker"
LABEL = "cass.worker"
WANTS = "timers.target.wants"  # the folder in which systemd keeps the links to the timers that are on
EVERY_S = 600
BUSY = 7
# Windows counts priorities from 0 to 10; 9 is idle, and input and output of low priority come with it.
IDLE_PRIORITY = 9

SERVICE = """[Unit]
Description=cass: prepares search by meaning while you are away
Documentation=man:cass(1)

[Service]
Type=exec
ExecStart={command}
{environment}Nice=19
CPUSchedulingPolicy=batch
IOSchedulingClass=idle
SuccessExitStatus={busy}
TimeoutStopSec=30
NoNewPrivileges=yes
UMask=0077
"""
TIMER = """[Unit]
Description=cass: starts its worker when it is not there

[Timer]
OnStartupSec=120
OnUnitInactiveSec={every_s}
AccuracySec=60

[Install]
WantedBy=timers.target
"""
PLIST = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>{label}</string>
  <key>ProgramArguments</key>
  <array>
{arguments}
  </array>
  <key>EnvironmentVariables</key>
  <dict>
{environment}
  </dict>
  <key>StartInterval</key>
  <integer>{every_s}</integer>
  <key>RunAtLoad</key>
  <true/>
  <key>ProcessType</key>
  <string>Background</string>
  <key>LowPriorityIO</key>
  <true/>
  <key>Nice</key>
  <integer>19</integer>
  <key>StandardOutPath</key>
  <string>{log}</string>
  <key>StandardErrorPath</key>
  <string>{log}</string>
</dict>
</plist>
"""
TASK = """<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.3" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>cass: prepares search by meaning while you are away</Description>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <Repetition>
        <Interval>PT{every_s}S</Interval>
        <StopAtDurationEnd>false</StopAtDurationEnd>
      </Repetition>
      <Enabled>true</Enabled>
      <UserId>{user}</UserId>
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>{user}</UserId>
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowHardTerminate>true</AllowHardTerminate>
    <Hidden>true</Hidden>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>{priority}</Priority>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{program}</Command>
      <Arguments>{arguments}</Arguments>
    </Exec>
  </Actions>
</Task>
"""


@record
class Service:
    """What to write (path → text, in `encoding`), and the commands that switch it on and off, in their order.

    links: what switching it on puts beside the files · forget: commands for when the files are gone
    """

    files: tuple[tuple[str, str], ...]
    enable: tuple[tuple[str, ...], ...]
    disable: tuple[tuple[str, ...], ...]
    encoding: str = "utf-8"
    links: tuple[str, ...] = ()
    forget: tuple[tuple[str, ...], ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """The files and links that are there."""
        return tuple([path for path in (*[path for path, _ in self.files], *self.links) if os.path.lexists(path)])


def service(platform: str, command: Sequence[str], env: Mapping[str, str], home: str, config: str, log: str) -> Service:
    """The service of this platform.

    env: variables that the worker needs, few · config: cass' own folder, where Windows' task is kept · log: where
    launchd puts what is printed.
    """
    if platform == "win32":
        return _windows(command, env, config)
    return _launchd(command, env, home, log) if platform == "darwin" else _systemd(command, env, home)


def _systemd(command: Sequence[str], env: Mapping[str, str], home: str) -> Service:
    folder = os.path.join(env.get("XDG_CONFIG_HOME") or os.path.join(home, ".config"), "systemd", "user")
    kept = "".join([f"Environment={_unit_word(f'{name}={value}')}\n" for name, value in _passed(env)])
    # The program's own path is taken as it is; only the words behind it know variables.
    words = " ".join([_unit_word(command[0]), *[_unit_word(word).replace("$", "$$") for word in command[1:]]])
    unit = SERVICE.format(command=words, environment=kept, busy=BUSY)
    timer = f"{NAME}.timer"
    return Service(
        (
            (os.path.join(folder, f"{NAME}.service"), unit),
            (os.path.join(folder, timer), TIMER.format(every_s=EVERY_S)),
        ),
        (("systemctl", "--user", "daemon-reload"), ("systemctl", "--user", "enable", "--now", timer)),
        (
            ("systemctl", "--user", "disable", "--now", timer),
            ("systemctl", "--user", "stop", f"{NAME}.service"),
        ),
        links=(os.path.join(folder, WANTS, timer),),
        forget=(("systemctl", "--user", "daemon-reload"),),
    )


def _unit_word(word: str) -> str:
    """One word of a unit, in quotes."""
    quoted = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("\n", "\\n")
    return f'"{quoted}"'


def _launchd(command: Sequence[str], env: Mapping[str, str], home: str, log: str) -> Service:
    path = os.path.join(home, "Library", "LaunchAgents", f"{LABEL}.plist")
    arguments = "\n".join([f"    <string>{_xml(word)}</string>" for word in command])
    kept = "\n".join([f"    <key>{_xml(n)}</key>\n    <string>{_xml(v)}</string>" for n, v in _passed(env)])
    text = PLIST.format(label=LABEL, arguments=arguments, environment=kept, every_s=EVERY_S, log=_xml(log))
    return Service(
        ((path, text),),
        (("launchctl", "load", "-w", path),),
        (("launchctl", "unload", "-w", path),),
    )


def _windows(command: Sequence[str], env: Mapping[str, str], config: str) -> Service:
    path = os.path.join(config, f"{NAME}.xml")
    user = "\\".join([part for part in (env.get("USERDOMAIN"), env.get("USERNAME")) if part])
    text = TASK.format(
        every_s=EVERY_S,
        user=_xml(user),
        priority=IDLE_PRIORITY,
        program=_xml(_windowless(command[0])),
        arguments=_xml(" ".join([_windows_word(word) for word in command[1:]])),
    )
    return Service(
        ((path, text),),
        (("schtasks", "/Create", "/TN", NAME, "/XML", path, "/F"),),
        (("schtasks", "/End", "/TN", NAME), ("schtasks", "/Delete", "/TN", NAME, "/F")),
        "utf-16",
    )


def _windowless(program: str) -> str:
    """The interpreter that opens no console window."""
    head, sign, name = program.rpartition("\\")
    return f"{head}{sign}pythonw.exe" if name.lower() == "python.exe" else program


def _windows_word(word: str) -> str:
    """One argument as Windows' own rules split them: backslashes count only before a quote."""
    if word and not any([sign in word for sign in ' \t"']):
        return word
    out, slashes = "", 0
    for sign in word:
        if sign == "\\":
            slashes += 1
            continue
        out += "\\" * (2 * slashes + 1 if sign == '"' else slashes) + sign
        slashes = 0
    return f'"{out}{chr(92) * 2 * slashes}"'


def _xml(text: str) -> str:
    for sign, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(sign, name)
    return text


# What says where things are; a key for a server is not among them, files of services are readable.
PASSED = ("CASS_DATA_DIR", "CASS_CONFIG_DIR", "CASS_CACHE_DIR", "CASS_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME")


def _passed(env: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name, env[name]) for name in PASSED if env.get(name)]


def install(wanted: Service, run: Callable[[Sequence[str]], int]) -> tuple[tuple[str, ...], int] | None:
    """Write the files and switch it on; the command that failed and its exit code, or None.  Raises OSError."""
    for path, text in wanted.files:
        make_private_folder(os.path.dirname(path))
        write_whole(path, text.encode(wanted.encoding))
    for command in wanted.enable:
        code = run(command)
        if code != 0:
            return command, code
    return None


def uninstall(wanted: Service, run: Callable[[Sequence[str]], int], home: str = "") -> tuple[str, ...]:
    """Switch it off and remove the files; the paths of those that were there.  What is off already is no failure.

    Folders that were made for them go, too, up to `home`.
    """
    there = wanted.paths
    if there:
        for command in wanted.disable:
            run(command)
        for path in wanted.paths:
            _unlink(path, path in wanted.links)
        for command in wanted.forget:
            run(command)
    for path in reversed(there):
        remove_empty_folders(os.path.dirname(path), home)
    return there


def _unlink(path: str, is_link: bool) -> None:
    """Of a link systemd removes the folder with it, when that is empty."""
    os.unlink(path)
    if is_link:
        try:
            os.rmdir(os.path.dirname(path))
        except OSError:
            return
