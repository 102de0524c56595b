"""Turns the state_dict of a PyTorch optimizer into a checkpoint of Optimizers, and back. Needs torch and safetensors."""

import torch
from safetensors.torch import load_file, save_file


def _names(model, optimizer):
    """The name of each parameter by its number in the optimizer: never by its place in the model."""
    by_identity = {id(p): name for name, p in model.named_parameters()}
    return [by_identity[id(p)] for group in optimizer.param_groups for p in group["params"]]


def save(path, model, optimizer, updates=None):
    """Writes parameters and state. `updates`: how many there were, where the state has no step (SGD)."""
    names, steps = _names(model, optimizer), [0]
    tensors = {f"parameters.{name}": p.detach().clone().contiguous() for name, p in model.named_parameters()}
    for number, state in optimizer.state_dict()["state"].items():
        for slot, value in state.items():
            if slot == "step":
                steps.append(int(value))
                value = torch.tensor(int(value), dtype=torch.int64)
            if value is not None:
                tensors[f"state.{names[number]}.{slot}"] = torch.as_tensor(value).detach().clone().contiguous()
    save_file(tensors, path, {"source": f"torch {torch.__version__}", "update_count": str(updates or max(steps))})


def load(path, model, optimizer):
    """Reads parameters and state; groups and hyperparameters stay those of the optimizer."""
    tensors, state_dict = load_file(path), optimizer.state_dict()
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(tensors[f"parameters.{name}"])
    for number, name in enumerate(_names(model, optimizer)):
        start = f"state.{name}."
        state = {key[len(start):]: value for key, value in tensors.items() if key.startswith(start) and "." not in key[len(start):]}
        if state and int(state.get("step", 1)) > 0:
            state_dict["state"][number] = {slot: value.float() if slot == "step" else value for slot, value in state.items()}
    optimizer.load_state_dict(state_dict)
