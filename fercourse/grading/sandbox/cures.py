"""What bubblewrap says where it makes no sandbox, and what helps: each message with its cure."""

import re
import sys

OLDEST = (0, 8)  # what came with it: --size (0.7) and --disable-userns
INSTALL = "Install bubblewrap 0.8 or newer (for example: sudo apt install bubblewrap)"
ALTERNATIVE = "or, if you trust every submission as your own code, pass --sandbox none"
NEWER = (
    "Ubuntu 22.04, Debian 11 and RHEL 9 have an older one, whose sandbox would not limit the disk: use a newer system "
    "(Debian 12, Ubuntu 24.04, Fedora), or build bubblewrap from its sources into /usr/local"
)
APPARMOR = (
    "AppArmor forbids it, as Ubuntu 24.04 comes. Give bubblewrap the profile that Ubuntu has for it: "
    "sudo apt install apparmor-profiles; "
    "sudo cp /usr/share/apparmor/extra-profiles/bwrap-userns-restrict /etc/apparmor.d/; "
    "sudo systemctl reload apparmor; and run this as an ordinary user, not as root"
)
FORBIDDEN = (
    "the system forbids user namespaces: allow them (sudo sysctl -w kernel.unprivileged_userns_clone=1 "
    "user.max_user_namespaces=15000, as far as it has these settings); in a container, start that with "
    "--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined"
)
NO_FILTER = "this Linux has no filters of system calls (CONFIG_SECCOMP_FILTER), without which it holds too little"
CURES = {
    r"uid map: Permission denied|loopback: Failed|AppArmor": APPARMOR,
    r"Unknown option|[Uu]nrecognized option|not supported in setuid mode|not permitted in setuid mode": NEWER,
    r"namespace|max_user_namespaces|No space left|mount proc|uid map|gid map|setuid": FORBIDDEN,
    r"SECCOMP|seccomp": NO_FILTER,
}


def cure_of(said):
    """What helps where bubblewrap said this, in words."""
    unknown = f"{INSTALL}; run this as a user that may use it and may read {sys.prefix}"
    return next((cure for message, cure in CURES.items() if re.search(message, said)), unknown)


def is_too_old(version):
    """Whether `bwrap --version` tells of one that is too old; False where it tells nothing."""
    found = re.search(r"(\d+)\.(\d+)", version)
    return bool(found) and tuple(map(int, found.groups())) < OLDEST
