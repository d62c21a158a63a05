"""Run in a process of its own, by its path: says on stdout, one JSON object a line, how far torch gets.

A torch that takes the whole process down with it (another processor's instructions) ends only this one. course_lib is
not imported here: its repair of torchvision would hide what is to be found.
"""

import json
import sys


def say(**facts):  # type: ignore[no-untyped-def]
    """One step's facts; flushed, so that the last step is known when the process dies."""
    print(json.dumps(facts), flush=True)


def error_of(error):  # type: ignore[no-untyped-def]
    """An exception as facts."""
    lines = str(error).strip().splitlines() or [""]
    return {"error": type(error).__name__, "message": lines[0][:300]}


def device_facts(torch):  # type: ignore[no-untyped-def]
    """The accelerator, and whether it can really compute: a driver or a card may be too old for this torch."""
    facts = {"device": "cpu", "name": "", "threads": torch.get_num_threads(), "cuda_build": torch.version.cuda or ""}
    try:
        found = torch.accelerator.current_accelerator(check_available=True)
        if found is not None:
            facts["device"] = found.type
            if found.type in ("cuda", "xpu"):
                facts["name"] = getattr(torch, found.type).get_device_properties(0).name
            numbers = torch.arange(4.0, device=found.type).reshape(2, 2)
            if (numbers @ numbers).sum().item() != 24.0:
                raise ArithmeticError("wrong product")
    except Exception as error:  # anything that a driver can raise
        facts.update(error_of(error))
    return facts


def main():  # type: ignore[no-untyped-def]
    import warnings

    warnings.simplefilter("ignore")
    try:
        import torch
    except BaseException as error:  # a broken library may raise anything
        say(step="torch", **error_of(error))
        return
    say(step="torch", version=torch.__version__)
    try:
        import torchvision

        boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0], [2.0, 2.0, 3.0, 3.0]])
        kept = torchvision.ops.nms(boxes, torch.tensor([0.5, 0.9]), 0.5).tolist()
        if kept != [1, 0]:
            raise ArithmeticError("nms kept " + str(kept))
        say(step="torchvision", version=torchvision.__version__)
    except BaseException as error:
        say(step="torchvision", **error_of(error))
    say(step="device", **device_facts(torch))


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    main()
