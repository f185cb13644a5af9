"""A student's notebook under way: cells run in a kernel, which is started again when a cell or a question loses it."""

import time
from math import ceil

from fercourse.grading.outputs import Outputs, characters_of
from fercourse.grading.sandbox.kernel import Kernel, KernelLost

MOST_RESTARTS = 5
MOST_OUTPUT = 10_000_000  # characters that all cells together may show, pictures encoded
EXPERIMENTS_SHARE = 0.5  # of the seconds of a submission, besides them
MOST_LOST_BY_EXPERIMENTS = 2  # kernels
QUICK_SECONDS = 0.2  # an experiment that took less is done again: it may have set something


class Replay:
    """Cells and questions for one kernel after the other, within `limits`. What lost a kernel is not run again."""

    def __init__(self, limits):
        self._limits = limits
        self._requests = []  # what made the kernel's state, each with its seconds; done again in a new one
        self._seconds_left = limits.total_seconds
        self._experiments_left = EXPERIMENTS_SHARE * limits.total_seconds  # seconds
        self._kernels_for_experiments = MOST_LOST_BY_EXPERIMENTS
        self._output_left = MOST_OUTPUT
        self._restarts_left = MOST_RESTARTS
        self._never_came_back = {None: set()}  # names, now (None) and when what they mean was held, by key
        self.timed_out = False
        self._start()

    @property
    def seconds_left(self):
        """What is left of the seconds of this submission, experiments not counted."""
        return max(0.0, self._seconds_left)

    @property
    def experiments_are_over(self):
        """Whether the student's experiments have used up what they may: seconds of their own, and kernels."""
        return self._experiments_left <= 0 or self._kernels_for_experiments <= 0

    def run(self, source, *, seconds, is_experiment=False):
        """Run a cell; returns its outputs as nbformat has them, and why it lost the kernel, or None.

        is_experiment: nothing graded needs it, so it takes none of the time that graded cells have, and where it was
        slow it is not run again in another kernel.
        """
        room = min(self._limits.output_kb * 1000, self._output_left)
        outputs = Outputs(room, pictures=self._output_left)
        request = {"do": "run", "source": source, "room": room}
        why, experiments_left = None, self._experiments_left
        try:
            self.make_ready()
            head, _ = self._timed(request, (), seconds=seconds, take=outputs.take, is_experiment=is_experiment)
            if experiments_left - self._experiments_left < QUICK_SECONDS:
                self._requests.append((request, seconds))
            if head["is"] == "raised":  # not by the cell, which reports its own errors: by what it broke
                outputs.stopped(str(head.get("text")))
        except KernelLost as lost:
            why = str(lost)
            outputs.stopped(why)
            self._kernels_for_experiments -= is_experiment
        found = outputs.finished(home=self._home)
        self._output_left = max(0, self._output_left - characters_of(found))
        return found, why

    def hold(self, key, names):
        """Keep what `names` mean now, for questions with this `key` later on. Raises KernelLost."""
        request = {"do": "hold", "key": key, "names": sorted(names)}
        self._never_came_back[key] = set(self._never_came_back[None])
        self.talk(request, seconds=self._limits.cell_seconds)
        self._requests.append((request, self._limits.cell_seconds))

    def go_back_to(self, key):
        """Go on in a new kernel in which only what came before `hold(key)` has been done; False where it was not held.

        What came later cannot be gone forward to again.
        """
        holds = [place for place, (request, _) in enumerate(self._requests) if request.get("key") == key]
        if holds:
            self.close()
            self._requests = self._requests[: holds[-1] + 1]
            self._restarts_left += 1  # this one is not the student's doing
        return bool(holds)

    def comes_back(self, name, *, key=None):
        """Whether what is called `name`, where `key` was held or now, has answered all questions in time so far."""
        return name not in self._never_came_back.get(key, ())

    def note_that_it_never_came_back(self, name, *, key=None):
        """It is not asked again: each time would cost a kernel and the seconds that others' answers need."""
        self._never_came_back.setdefault(key, set()).add(name)

    def note_new_meanings(self, names):
        """From now on these names mean something else than before."""
        self._never_came_back[None] -= names

    def talk(self, request, buffers=(), *, seconds, take=None, call=None):
        """`Kernel.talk` to a kernel in which everything before has been done. Raises KernelLost."""
        self.make_ready()
        return self._timed(request, buffers, seconds=seconds, take=take, call=call)

    def close(self):
        """End the kernel."""
        if self._kernel:
            self._kernel.close()
            self._kernel = None

    def _start(self):
        self._kernel = Kernel(self._limits)
        self._home = self._kernel.home

    def make_ready(self):
        """Have a kernel in which everything before has been done. Raises KernelLost where that is not possible."""
        while self._kernel is None:
            self._check_what_is_left()
            self._restarts_left -= 1
            self._start()
            self._kernel.wait_until_ready()
            self._do_again()
        self._check_what_is_left()
        self._kernel.wait_until_ready()

    def _do_again(self):
        for done in self._requests:
            request, seconds = done
            try:
                self._timed(request, (), seconds=seconds)
            except KernelLost:  # it went well before: leave it out, start once more
                self._requests = [other for other in self._requests if other is not done]
                return

    def _check_what_is_left(self):
        if self._seconds_left <= 0:
            self.timed_out = True
            allowed = f"{self._limits.total_seconds:g} s"
            raise KernelLost(f"the notebook ran longer than the {allowed} that it may", slow=True)
        if self._restarts_left <= 0 and self._kernel is None:
            raise KernelLost(f"the kernel was lost {MOST_RESTARTS + 1} times before")

    def _timed(self, request, buffers, *, seconds, take=None, call=None, is_experiment=False):
        allowed, started = seconds if is_experiment else min(seconds, self._seconds_left), time.monotonic()
        try:
            return self._kernel.talk(request, buffers, seconds=allowed, take=take, call=call)
        except KernelLost as lost:
            self.close()
            if not lost.slow:
                raise
            self.timed_out |= not is_experiment
            if allowed == seconds:
                cell = self._limits.cell_seconds
                may = cell if seconds <= cell else ceil(seconds)  # the same in every run
                raise KernelLost(f"it ran longer than the {may:g} s that it may", slow=True) from lost
            raise KernelLost(f"the notebook ran longer than the {self._limits.total_seconds:g} s that it may") from lost
        finally:
            took = time.monotonic() - started
            if is_experiment:
                self._experiments_left -= took
            else:
                self._seconds_left -= took
