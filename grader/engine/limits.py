"""What one submission may use. Every limit has its own event (events.py)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

MiB = 2**20


@dataclass(frozen=True)
class Limits:
    """Seconds are wall-clock seconds unless the name says cpu; sizes are bytes.

    memory_bytes is what a process may allocate beyond the warm process; the whole tree of processes may hold twice
    that. scratch_bytes counts for each of the home folder, /tmp and /dev/shm.
    """

    cell_seconds: float = 30.0
    grace_seconds: float = 2.0  # between the polite interrupt and the kill
    submission_seconds: float = 120.0  # all cells together
    probe_seconds: float = 10.0  # one case of one exercise
    probing_seconds: float = 120.0  # all cases together
    cpu_seconds: int = 300  # of one process
    memory_bytes: int = 2048 * MiB
    output_bytes: int = 1 * MiB  # of one cell
    total_output_bytes: int = 8 * MiB
    observed_bytes: int = 16 * MiB  # what a probe may return for one case
    processes: int = 64  # threads count too
    open_files: int = 256
    file_bytes: int = 64 * MiB
    scratch_bytes: int = 128 * MiB
    restarts: int = 3  # fresh starts after cells or probes that took the process with them
    start_seconds: float = 120.0  # for the warm process to become ready

    def on_accelerator(self) -> Limits:
        """The same with room for what a driver takes on the host: its context is begun by each submission anew, maps
        gigabytes, and has threads and files of its own. The memory of the device itself no limit of the system holds;
        it goes back when the process ends."""
        return replace(
            self,
            probe_seconds=self.probe_seconds + 30.0,
            probing_seconds=self.probing_seconds + 60.0,
            memory_bytes=self.memory_bytes + 4096 * MiB,
            processes=self.processes + 64,
            open_files=self.open_files + 256,
        )

    def as_dict(self) -> dict[str, float]:
        return asdict(self)
