"""Taking every right from a forked process: namespaces joined, limits set, user changed, system
calls filtered.

It runs in the child, before a line of the learner's code; each step that fails
raises, and the child ends. What this module leaves out: making the namespaces and their file system
(`sandbox`, with bubblewrap).
"""

import ctypes
import os
import platform
import struct

NOBODY = 65534
#: Kind of namespace and flag of setns(2). The user namespace comes first: it gives the right to
#: join the others.
NAMESPACES = {
    "user": 0x10000000,
    "ipc": 0x08000000,
    "uts": 0x04000000,
    "net": 0x40000000,
    "mnt": 0x00020000,
    "pid": 0x20000000,
}
_NEW_NAMESPACES = 0x7E020000
#: A child of this one's parent, which is outside and would have to see to its end.
_SIBLING = 0x00008000
# Options of prctl(2).
_DUMPABLE, _SECCOMP, _DROP_BOUNDING, _SECURE_BITS = 4, 22, 24, 28
_NO_NEW_PRIVILEGES, _AMBIENT = 38, 47
_EPERM, _ENOSYS, _EAFNOSUPPORT = 1, 38, 97

# Calls that no answer needs, each with its numbers on x86_64 and aarch64 ("-": there is none). What
# is not listed is ruled by the namespaces.
_DENIED = (
    # namespaces and mounts
    "unshare 272 97, setns 308 268, mount 165 40, umount2 166 39, pivot_root 155 41, chroot 161 51,"
    "open_tree 428 428, move_mount 429 429, fsopen 430 430, fsconfig 431 431, fsmount 432 432,"
    "fspick 433 433, mount_setattr 442 442, name_to_handle_at 303 264, open_by_handle_at 304 265,"
    # other processes' memory and files
    "ptrace 101 117, process_vm_readv 310 270, process_vm_writev 311 271, kcmp 312 272,"
    "pidfd_getfd 438 438, userfaultfd 323 282,"
    # memory that no limit counts, and where it lies
    "memfd_create 319 279, memfd_secret 447 447, shmget 29 194, shmat 30 196, semget 64 190,"
    "msgget 68 186, mq_open 240 180, vmsplice 278 75, mbind 237 235, set_mempolicy 238 237,"
    "migrate_pages 256 238, move_pages 279 239,"
    # keys, tracing, and calls that go past this filter
    "add_key 248 217, request_key 249 218, keyctl 250 219, bpf 321 280, perf_event_open 298 241,"
    "fanotify_init 300 262, syslog 103 116, io_uring_setup 425 425, io_uring_enter 426 426,"
    "io_uring_register 427 427,"
    # the machine: modules, clock, swap, names, ports
    "init_module 175 105, finit_module 313 273, delete_module 176 106, kexec_load 246 104,"
    "kexec_file_load 320 294, reboot 169 142, settimeofday 164 170, clock_settime 227 112,"
    "swapon 167 224, swapoff 168 225, acct 163 89, quotactl 179 60, sethostname 170 161,"
    "setdomainname 171 162, personality 135 92, iopl 172 -, ioperm 173 -, modify_ldt 154 -"
)
#: Audit number of the machine, then clone, clone3, socket, mmap.
_MACHINES = {"x86_64": (0xC000003E, 56, 435, 41, 9), "aarch64": (0xC00000B7, 220, 435, 198, 222)}


def denied(machine: str) -> dict[str, int]:
    """The numbers of the denied system calls on a machine, by name."""
    column = list(_MACHINES).index(machine) + 1
    rows = (row.split() for row in _DENIED.split(","))
    return {row[0]: int(row[column]) for row in rows if row[column] != "-"}


def known_machine() -> bool:
    """True where the numbers of system calls are known: 64-bit Intel, AMD and ARM."""
    return platform.machine() in _MACHINES


def join(namespaces: dict[str, int]) -> None:
    """Enter namespaces given as open descriptors, and close these; a child forked after this is
    inside all of them.

    Raises:
        OSError: the kernel refuses.
    """
    for kind, flag in NAMESPACES.items():
        if kind in namespaces:
            _call("setns", namespaces[kind], flag)
            os.close(namespaces[kind])


def confine(limits: dict, uid: int | None) -> None:
    """Give up everything: to another user (`uid`, where the grader is root), else to nobody in an
    own user namespace.

    `limits` are those of `sandbox.Limits`, with `folders` (which the child may write to).
    """
    with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("1000")  # if the machine runs out of memory after all, this goes first
    if uid is not None:
        for folder in limits["folders"]:
            os.chown(folder, uid, uid)
        os.setgroups([])
        os.setresgid(uid, uid, uid)
    else:
        _own_user_namespace()
    set_limits(limits)
    for capability in range(64):
        if not _tried(_DROP_BOUNDING, capability):
            break  # the kernel knows no more of them
    if uid is not None:
        os.setresuid(uid, uid, uid)
        _prctl(_DUMPABLE, 1)  # its own /proc/self stays readable
    _tried(
        _SECURE_BITS, 0x2F
    )  # root has no meaning any more; refused where the right to say so is gone already
    _prctl(_AMBIENT, 4)
    _no_capabilities()
    _program_is_out_of_reach()
    _prctl(_NO_NEW_PRIVILEGES, 1)
    _filter_calls()


def set_limits(limits: dict) -> None:
    """Limits of this process and its children: CPU seconds, memory on top of what is in use, files,
    processes.
    """
    import resource  # not on Windows, where this module can be imported but nothing is graded

    values = {
        "CPU": limits["cpu_seconds"],
        "FSIZE": limits["file_bytes"],
        "NOFILE": limits["open_files"],
        "CORE": 0,
        "NPROC": limits["processes"],
        "MSGQUEUE": 0,
        "MEMLOCK": 0,
    }
    if used := _in_use():
        values["DATA"] = used["VmData"] + limits["memory_bytes"]
        # Address space is more than memory: threads reserve some that they never touch.
        values["AS"] = used["VmSize"] + 2 * limits["memory_bytes"]
    for name, value in values.items():
        number = getattr(resource, f"RLIMIT_{name}", None)
        if number is not None and value is not None:
            hard = resource.getrlimit(number)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(number, (value, value))


def _in_use() -> dict[str, int]:
    """VmData and VmSize of this process in bytes; empty where there is no /proc."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            lines = dict(line.split(":", 1) for line in file if ":" in line)
        return {name: int(lines[name].split()[0]) * 1024 for name in ("VmData", "VmSize")}
    except OSError:
        return {}


def _own_user_namespace() -> None:
    """A user namespace of its own, in which processes are counted from 0 and the user is nobody."""
    outside, group = os.getuid(), os.getgid()
    _call("unshare", NAMESPACES["user"])
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{NOBODY} {outside} 1"),
        ("gid_map", f"{NOBODY} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def _program_is_out_of_reach() -> None:
    """/proc/self/exe leads past the read-only mounts to the interpreter's own file, which the user
    may own. A kernel lets no one write to a program that runs (all but Linux 6.11); where this one
    would, nothing is run.
    """
    try:
        os.close(os.open("/proc/self/exe", os.O_WRONLY))
    except OSError:
        return
    raise PermissionError(
        "this kernel would let a submission change the Python that grades. Use a Python that"
        " another user owns (the system's), or a kernel other than Linux 6.11"
    )


def _no_capabilities() -> None:
    header, sets = struct.pack("Ii", 0x20080522, 0), struct.pack("6I", 0, 0, 0, 0, 0, 0)
    _call("capset", ctypes.create_string_buffer(header, 8), ctypes.create_string_buffer(sets, 24))


def _filter_calls() -> None:
    """A seccomp filter: the denied calls and new namespaces fail with EPERM, sockets but local and
    IP ones are unknown.

    Neither is there shared memory without a file, which stays in use when nothing maps it, and so
    can be counted nowhere.
    """
    audit, clone, clone3, socket, mmap = _MACHINES[platform.machine()]
    load, equal, at_least, bits = 0x20, 0x15, 0x35, 0x45
    number, audited, first, fourth = 0, 4, 16, 40  # what of a call is loaded: offsets in bytes
    allow, kill = (0x06, 0, 0, 0x7FFF0000), (0x06, 0, 0, 0x80000000)

    def fail(errno: int) -> tuple[int, int, int, int]:
        return (0x06, 0, 0, 0x00050000 | errno)

    # (operation, steps to pass over if true, if false, operand)
    program = [(load, 0, 0, audited), (equal, 1, 0, audit), kill, (load, 0, 0, number)]
    program += [(at_least, 0, 1, 0x40000000), fail(_ENOSYS)]  # the calls of x32
    for call in denied(platform.machine()).values():
        program += [(equal, 0, 1, call), fail(_EPERM)]
    # The arguments of clone3 lie in memory that a filter cannot read: without it, libc falls back
    # to clone.
    program += [(equal, 0, 1, clone3), fail(_ENOSYS)]
    program += [(equal, 0, 4, clone), (load, 0, 0, first)]
    program += [(bits, 0, 1, _NEW_NAMESPACES | _SIBLING), fail(_EPERM), allow]
    program += [(equal, 0, 5, mmap), (load, 0, 0, fourth)]
    program += [(bits, 0, 2, 0x20), (bits, 0, 1, 0x01), fail(_EPERM), allow]  # anonymous and shared
    program += [(equal, 0, 5, socket), (load, 0, 0, first)]
    program += [(equal, 3, 0, 1), (equal, 2, 0, 2), (equal, 1, 0, 10), fail(_EAFNOSUPPORT), allow]
    code = b"".join(struct.pack("HBBI", *step) for step in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = ctypes.create_string_buffer(
        struct.pack("HxxxxxxP", len(program), ctypes.addressof(buffer)), 16
    )
    _prctl(_SECCOMP, 2, ctypes.addressof(header))


def _libc():
    return ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments) -> None:
    if getattr(_libc(), name)(*arguments):
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")


def _prctl(option: int, *arguments: int) -> None:
    _call("prctl", option, *(ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]))


def _tried(option: int, argument: int) -> bool:
    try:
        _prctl(option, argument)
    except OSError:
        return False
    return True
