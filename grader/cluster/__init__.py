"""Grading on a Dask cluster: ``grader grade --scheduler ADDRESS``. The optional extra ``cluster`` brings Dask.

How a submission gets there and back, a stage is the module of that name:

1. ``connection``  the only module that knows Dask: connects, says who is there, hands functions out
2. ``versions``    what must be equal here and on a worker
3. ``roll``        asks each worker that comes; who differs is refused, by name
4. ``parcels``     a task becomes text and bytes, a run comes back as one blob of data
5. ``worker``      on a worker: one warm pool of sandboxes for each process, kept from task to task
6. ``desk``        hands out, waits, hands out again what had no answer; first answer counts
7. ``pool``        all of it behind the small interface of ``engine.SandboxPool``

A task is a function of its bytes, and one process writes the gradebook, once per submission, when its future ends. So
whatever is lost on the way is simply done again: it costs time, never a verdict. The machines of the cluster are
trusted as this one is; student code runs in their sandboxes only.
"""
