"""What machine this is, as far as figures depend on it; nothing that names it."""

import os
import pathlib
import platform
import re

# The instruction sets that kernels here are chosen by.
telling_flags = ["avx", "avx2", "fma", "f16c", "avx512f", "avx512dq", "avx512bw", "avx512vl", "avx512_bf16", "avx512_fp16", "asimd", "sve"]


def read(path: str) -> str:
    try:
        return pathlib.Path(path).read_text().strip()
    except OSError:
        return ""


def describe() -> dict:
    information = read("/proc/cpuinfo")

    def field(name: str) -> str:
        found = re.search(rf"^{name}\s*:\s*(.*)$", information, re.MULTILINE)
        return found.group(1) if found else ""

    flags = set((field("flags") or field("Features")).split())
    caches = {}
    for index in sorted(pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        if read(f"{index}/type") != "Instruction": caches["L" + read(f"{index}/level")] = read(f"{index}/size")
    system = platform.freedesktop_os_release().get("PRETTY_NAME", "") if platform.system() == "Linux" else platform.mac_ver()[0]
    processor = field("model name") or platform.processor()
    if field("cpu family"): processor += f" (family {field('cpu family')}, model {field('model')})"
    return {"processor": processor, "architecture": platform.machine(), "cores": cores(),
            "instruction_sets": [flag for flag in telling_flags if flag in flags], "caches": caches,
            "memory_bytes": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
            "system": f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}, {system}",
            "python": platform.python_version()}


def cores() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load_average() -> float:
    """Of the last minute: near zero on a machine that is fit to measure on."""
    return round(os.getloadavg()[0], 2)


def sentence(machine: dict) -> str:
    caches = ", ".join(f"{level} {size}" for level, size in machine["caches"].items())
    return (f"{machine['processor']}, {machine['cores']} cores, {caches}, {machine['memory_bytes'] / 2**30:.0f} GiB of memory, "
            f"{' '.join(machine['instruction_sets'])}; {machine['system']}, Python {machine['python']}")
