"""What torch lets one operation use together when a GPU is there, line by line: on the simulated device, and on a GPU
where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from course_lib.checking.portability import slips_of
from course_lib.checking.values import observe
from tests.checking.test_simulated_device import _numbers, student, trip

# x lies on the device, and so does g; all others lie on the CPU: s is a number, c a table, the rest are indices.
GIVEN = """\
import copy
i = torch.tensor([1, 0])
I2 = torch.zeros(2, 1, dtype=torch.int64)
M = torch.tensor([True, False])
M2 = torch.ones(2, 3, dtype=torch.bool)
s = torch.tensor(2.0)
c = torch.ones(2, 3)
g = torch.zeros(2, dtype=torch.int64, device=x.device)
F = nn.functional
"""

RUNS = """\
x[i]
x[M]
x[M2]
x[:, torch.tensor([0, 2])]
x[i, g]
x[torch.tensor(1)]
x[None, i]
x[int(i[0])]
x[i[0]]
x.index_put((i,), torch.ones(3, device=x.device))
x.index_put((i,), s)
x.index_put_((i, g), x.new_zeros(2), accumulate=True)
x[x > s]
x[x.argmax(1) == 2]
x.masked_fill(x > 2, s)
x.masked_fill(x > 2, 0.0)
x.masked_fill_(x > 2, float('-inf'))
torch.where(x > 2, s, x)
torch.where(x > 2, s, 0.0)
torch.where(torch.tensor(True), x, -x)
x + s
s + x
s * x
x / s
x ** s
x - torch.tensor(3)
x.clamp(min=s)
x.clamp(s, s + 1)
torch.maximum(x, s)
torch.minimum(s, x)
x.lerp(x + 1, 0.3)
x.lerp(x + 1, s)
x.add_(s)
x.mul_(s)
x.addcmul(x, x, value=2)
torch.eq(x, s)
x > s
x.fill_(s)
x[0] = s
x[0, 0] = torch.tensor(9.0)
x[:] = c
x[i] = s
x[i] = 4.0
x.copy_(c)
c.copy_(x); return x
x.cpu().to(x)
c.to(x)
c.to(x.device)
torch.zeros(3).to(x) + x
x.new_zeros(3) + x
x.new_full((3,), 2.0) + x
x.new_tensor([1.0, 2.0, 3.0]) + x
x.new_empty(3).fill_(1) + x
torch.full_like(x, 3) + torch.rand_like(x) * 0
torch.arange(3, device=x.device) + x
torch.eye(3, device=x.device)[g]
torch.linspace(0, 1, 3, device=x.device) + x
torch.tensor(x[0, 0].item(), device=x.device) + x
torch.tensor(x.sum().item()) * x
torch.tensor([float(v) for v in x[0]], device=x.device) * x
F.one_hot(x.argmax(1), 3) * x
F.softmax(x, 1)
F.cross_entropy(x, g)
F.nll_loss(x, g)
F.mse_loss(x, x * 2)
F.binary_cross_entropy_with_logits(x, x.sigmoid())
F.dropout(x, 0.0)
F.layer_norm(x, (3,))
F.linear(x, x)
F.pad(x, (1, 1))
F.relu_(x)
F.embedding(g, x)
F.max_pool2d(x[None, None], 2)
F.unfold(x[None, None], 2)
F.batch_norm(x, x.new_zeros(3), x.new_ones(3))
F.interpolate(x[None, None], scale_factor=2)
F.avg_pool1d(x[None], 2)
F.gelu(x), F.silu(x), F.logsigmoid(x), F.softplus(x)
torch.einsum('ij,ij->i', x, x)
torch.stack(list(x)), torch.cat([x, x]), torch.hstack([x, x]), torch.vstack([x, x])
x.sum().item() + len(x)
[v.item() for v in x.flatten()]
[row.tolist() for row in x]
x.max(1).values, x.topk(2).indices, x.sort(1).values, x.unique(), x.nonzero(), x.argsort()
x.scatter(1, g[:, None], 7.0)
x.scatter_add(1, g[:, None], x)
x.gather(1, g[:, None]), x.index_select(0, g), x.take_along_dim(g[:, None], 1), torch.take(x, g)
x.index_add(0, g, x), x.index_copy(0, torch.arange(2, device=x.device), x), x.index_fill(0, g, 2.0)
x.index_fill(0, g, s)
torch.bincount(g), torch.cumsum(x, 0), x.histc(3), torch.bucketize(x, x[0]), torch.searchsorted(x[0], x[1])
x.repeat_interleave(2, 0), x.repeat_interleave(g + 1, 0), x.roll(1), x.flip(0), x.tril(), x.diag()
x.expand(4, 2, 3), x.repeat(2, 2)
torch.meshgrid(x[0], x[1], indexing='ij')
torch.outer(x[0], x[1]), x @ x.T, x.mv(x[0]), x[0].dot(x[1]), torch.bmm(x[None], x.T[None])
torch.addmm(x[:, :2], x, x.T), torch.baddbmm(x[None, :, :2], x[None], x.T[None])
torch.linalg.norm(x), torch.linalg.svd(x).S, torch.cdist(x, x)
torch.linalg.inv(x.new_tensor([[1.0, 2.0], [3.0, 4.0]]))
x.std(), x.var(0), x.mean(), x.median(), x.quantile(0.5), x.logsumexp(1), x.prod(), x.norm(), x.any(), x.all()
torch.equal(x, x.clone()), torch.allclose(x, x + 0), torch.isclose(x, x)
torch.testing.assert_close(x, x.clone()); return x
x.double(), x.half(), x.to(torch.float64), x.long(), x.bool(), x.type(torch.float64), x.type_as(x)
x.requires_grad_().sum().backward(); return x.grad
nn.Linear(3, 2, device=x.device)(x)
nn.Linear(3, 2).to(x.device)(x)
nn.Linear(3, 2).to(x)(x)
nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 2)).to(x.device)(x)
nn.LSTM(3, 4).to(x.device)(x[None])[0].shape and x
nn.MultiheadAttention(4, 2).to(x.device)(x.new_zeros(2, 1, 4), x.new_zeros(2, 1, 4), x.new_zeros(2, 1, 4))[0]
nn.Embedding(5, 3).to(x.device)(g)
nn.Parameter(torch.ones(3, device=x.device)) * x
torch.nn.utils.clip_grad_norm_([nn.Parameter(x)], 1.0); return x
torch.nn.utils.parameters_to_vector([x, x])
torch.autograd.grad((x.requires_grad_() ** 2).sum(), x)[0]
torch.func.vmap(lambda r: r * 2)(x)
torch.no_grad()(lambda: x * 2)()
x if bool((x > 0).any()) else -x
x[: int(x.max())]
x.numpy(force=True).shape, x.cpu().numpy().sum(), x.detach().cpu().tolist(), np.asarray(x.cpu()).shape
torch.from_numpy(np.ones((2, 3), dtype=np.float32)).to(x.device) * x
torch.as_tensor(np.ones(3, dtype=np.float32), device=x.device) * x
torch.tensor(np.float32(2.0)) * x
np.float32(2.0) * x
x * np.float64(2)
x.sum() * np.pi
x * torch.tensor(2.0).item()
torch.scalar_tensor(2.0) * x
torch.zeros(()) + x
torch.zeros(2, 3, out=torch.empty(2, 3, device=x.device)) + x
x.split(1), x.chunk(2), x.unbind(), x.tensor_split(2)
x.T.contiguous().view(6), x.reshape(-1), x.permute(1, 0), x.squeeze(), x.unsqueeze(0)
x.swapaxes(0, 1), x.movedim(0, 1), x.flatten(), x.unflatten(1, (3, 1)), x.as_strided((2, 2), (1, 1))
x.narrow(0, 0, 1), x.unfold(1, 2, 1), x.view_as(x), x.expand_as(x), x.diagonal()
torch.device(x.device) == x.device and x
f"{x}" and f"{x.sum():.3f}" and x
x.__class__.__name__ and isinstance(x, torch.Tensor) and type(x.sum().item()) is float and x
list(map(float, x.flatten())), sum(x.flatten()), max(x.flatten()), sorted(x.flatten().tolist()), min(x[0])
x.add(1, alpha=2), x.sub(s), torch.true_divide(x, 2), x.floor_divide(2), x.remainder(2), -x, abs(x)
~(x > 1), (x > 1) & (x < 3), x.bool() | M2.to(x.device)
torch.logical_and(x > 1, x < 3), torch.xlogy(x, x), torch.hypot(x, x), torch.atan2(x, x)
torch.utils.data.TensorDataset(x, g)[0]
torch.nn.init.xavier_uniform_(torch.empty_like(x)) * 0 + x
torch.nn.init.zeros_(torch.empty(3, device=x.device)) + x
torch.optim.SGD([nn.Parameter(x)], lr=s.item()) and x
torch.is_tensor(x) and torch.numel(x) and x
torch.broadcast_tensors(x, x[0])[1], torch.broadcast_to(x, (2, 2, 3)), torch.atleast_3d(x)
torch.cartesian_prod(x[0], x[1]), torch.combinations(x[0]), torch.block_diag(x, x), torch.kron(x, x)
torch.tensordot(x, x, 2), torch.trapz(x), torch.cov(x), torch.corrcoef(x), torch.vander(x[0])
torch.fft.fft(x).abs(), torch.special.expit(x), torch.isnan(x), torch.nan_to_num(x), torch.sign(x)
torch.heaviside(x, s), torch.copysign(x, s)
torch.ones_like(c, device=x.device) * x, torch.empty_like(c, device=x.device).copy_(x)
c.new_zeros(3, device=x.device) + x
x.data.add_(1); return x
torch.autograd.functional.hvp(lambda t: (t ** 3).sum(), x, torch.ones_like(x))[1]
torch.autograd.functional.vjp(lambda t: t * 2, x, torch.ones_like(x))[1]
torch.func.jacrev(lambda t: t * t)(x[0]), torch.func.jvp(lambda t: t * t, (x,), (x,))[1]
torch.utils.checkpoint.checkpoint(lambda t: t * 2, x, use_reentrant=False)
torch.tensor([[1, 2, 3]]).to(x.device) * x, torch.LongTensor([1, 2, 3]).to(x.device) * x
torch.Tensor([1, 2, 3]).to(x) * x
torch.ones(3, dtype=x.dtype, device=x.device).mul_(x[0])
x.sum(0, keepdim=True).expand(2, 3).clone()
torch.set_default_dtype(torch.float32) or x
x[..., 0], x[:, -1], x[::2], x[1], x[True], x[0][1], x[1:, :2], x[x.long() % 2 == 0]
x[(x > 1).nonzero(as_tuple=True)], x[[True, False]], x[range(2)], x[np.array([1, 0])]
x[torch.arange(2), [0, 1]], x[g, [0, 1]], x[np.int64(1)]
torch.normal(x, 1.0).shape and x, torch.randint(0, 3, (2,), device=x.device).shape and x
f'{x.sum():.3f}' and x
y = (x.requires_grad_() * 2).sum(); return torch.autograd.grad(y, x, torch.tensor(1.0))[0]
y = x.requires_grad_() * 2; y.backward(gradient=x.detach()); return x.grad
copy.deepcopy(x) + copy.copy(x)
x[0, :2] = c[0, :2]; return x
torch.where(x > 1, x, s.double())
torch.full((2,), s, device=x.device)
torch.as_tensor(x)
""".splitlines()

REFUSED = [
    ("x + c", "mixed"),
    ("c * x", "mixed"),
    ("x @ torch.ones(3, 1)", "mixed"),
    ("c[g]", "mixed"),
    ("c[x > 1]", "mixed"),
    ("c.index_put((i,), x[0])", "mixed"),
    ("c[i] = x; return x", "mixed"),
    ("x.gather(1, I2)", "mixed"),
    ("x.scatter(1, I2, 1.0)", "mixed"),
    ("x.scatter_add(1, g[:, None], c)", "mixed"),
    ("x.index_add(0, i, x)", "mixed"),
    ("x.index_select(0, i)", "mixed"),
    ("x.index_copy(0, i, x)", "mixed"),
    ("x.index_fill(0, i, 1.0)", "mixed"),
    ("x.take(i)", "mixed"),
    ("x.masked_fill(M2, 0.0)", "mixed"),
    ("x.masked_fill_(M2, 0.0)", "mixed"),
    ("x.masked_select(M2)", "mixed"),
    ("torch.where(M2, x, 0.0)", "mixed"),
    ("torch.where(x > 1, x, c)", "mixed"),
    ("torch.where(x > 1, torch.tensor([0.0]), x)", "mixed"),
    ("torch.cat([x, c])", "mixed"),
    ("torch.stack([x, c])", "mixed"),
    ("torch.cat([x[0], s[None]])", "mixed"),
    ("torch.stack([x.sum(), s])", "mixed"),
    ("torch.equal(x, c)", "mixed"),
    ("torch.allclose(x, c)", "mixed"),
    ("torch.testing.assert_close(x, c); return x", "refused"),
    ("c += x; return x", "mixed"),
    ("c.add_(x); return x", "mixed"),
    ("s += x.sum(); return x", "mixed"),
    ("s.add_(x.sum()); return x", "mixed"),
    ("x.addmm(c[:, :2].T, x)", "mixed"),
    ("torch.einsum('ij,kj->ik', x, c)", "mixed"),
    ("torch.nn.functional.linear(x, c)", "mixed"),
    ("torch.nn.functional.mse_loss(x, c)", "mixed"),
    ("torch.nn.functional.cross_entropy(x, i)", "mixed"),
    ("torch.nn.functional.nll_loss(x, i)", "mixed"),
    ("torch.nn.functional.embedding(i, x)", "mixed"),
    ("torch.nn.functional.batch_norm(x, torch.zeros(3), torch.ones(3), training=True)", "mixed"),
    ("torch.nn.functional.layer_norm(x, (3,), torch.ones(3))", "mixed"),
    ("torch.nn.functional.conv2d(x[None, None], torch.ones(1, 1, 1, 1))", "mixed"),
    ("torch.bmm(x[None], torch.ones(1, 3, 1))", "mixed"),
    ("torch.dot(x[0], torch.ones(3))", "mixed"),
    ("torch.mv(x, torch.ones(3))", "mixed"),
    ("torch.outer(x[0], torch.ones(3))", "mixed"),
    ("torch.cdist(x, c)", "mixed"),
    ("torch.maximum(x, c)", "mixed"),
    ("torch.lerp(x, c, 0.5)", "mixed"),
    ("x.addcmul_(x, c)", "mixed"),
    ("torch.add(x, x, out=c)", "mixed"),
    ("torch.matmul(x, x.T, out=torch.empty(2, 2))", "mixed"),
    ("torch.bucketize(x, torch.tensor([1.0, 2.0]))", "mixed"),
    ("torch.searchsorted(torch.tensor([1.0, 2.0]), x)", "mixed"),
    ("torch.dot(x[0], x[0]) + torch.ones(1)", "mixed"),
    ("x.clamp(min=torch.zeros(3))", "mixed"),
    ("x.repeat_interleave(i, 0)", "mixed"),
    ("torch.bincount(g, weights=torch.ones(2))", "mixed"),
    ("torch.isin(x, torch.ones(2))", "mixed"),
    ("nn.Linear(3, 2)(x)", "mixed"),
    ("nn.Embedding(3, 2)(g)", "mixed"),
    ("nn.Parameter(torch.ones(3)) * x", "mixed"),
    ("np.maximum(x, 0)", "numpy"),
    ("np.asarray(x)", "numpy"),
    ("np.array(x)", "numpy"),
    ("x.numpy()", "numpy"),
    ("x.detach().numpy()", "numpy"),
    ("np.exp(x)", "numpy"),
    ("torch.from_numpy(x.numpy())", "numpy"),
    ("torch.as_tensor(np.array(x))", "numpy"),
    ("x.cpu()", "returned"),
    ("x.to('cpu')", "returned"),
    ("x.to(torch.device('cpu')) + 1", "returned"),
    ("torch.ones(2)", "returned"),
    ("torch.tensor(x.tolist())", "returned"),
    ("torch.tensor(x.sum().item())", "returned"),
    ("torch.stack([torch.tensor(float(v)) for v in x[0]])", "returned"),
    ("x.new_zeros(2, device='cpu')", "returned"),
    ("torch.zeros_like(x, device='cpu')", "returned"),
    ("torch.LongTensor([1]) + x", "mixed"),
    ("torch.Tensor([1.0]) + x", "mixed"),
    ("torch.normal(x, c)", "mixed"),
    ("x.sub_(c)", "mixed"),
    ("torch.autograd.grad((x.requires_grad_() * 2), x, torch.ones(2, 3))", "mixed"),
    ("torch.nn.utils.parameters_to_vector([x, c])", "mixed"),
    ("torch.vstack([x, c])", "mixed"),
    ("torch.heaviside(x, torch.ones(3))", "mixed"),
    ("torch.tensordot(x, c, 2)", "mixed"),
    ("torch.kron(x, c)", "mixed"),
    ("torch.block_diag(x, c)", "mixed"),
    ("x.copy_(c) + c", "mixed"),
    ("x.index_put((i,), torch.ones(3))", "mixed"),
    ("x[i] = torch.ones(2, 3); return x", "mixed"),
    ("x.lerp(c, s)", "mixed"),
    ("torch.full((2,), x[0, 0])", "returned"),
    ("torch.arange(x.max())", "returned"),
    ("torch.linspace(0, x.max(), 3)", "returned"),
    ("torch.cat([x, torch.tensor([])])", "mixed"),
    ("torch.nn.functional.one_hot(i, 3) * x[0]", "mixed"),
    ("y = x.requires_grad_() * 2; y.backward(torch.ones(2, 3)); return x.grad", "mixed"),
    ("y = x.requires_grad_() * 2; return torch.autograd.grad([y], [x], grad_outputs=[torch.ones(2, 3)])[0]", "mixed"),
]


def body(line: str) -> str:
    """A function's body: the last statement of the line is what it returns."""
    *first, last = line.split("; ")
    changes = "=" in last.partition("(")[0].replace("==", "")
    last = f"{last}\nreturn x" if changes else last if last.startswith("return ") else f"return {last}"
    return GIVEN + "\n".join([*first, last])


def numbers() -> torch.Tensor:
    return torch.arange(6.0).reshape(2, 3)


def on_cpu(line: str) -> Any:
    torch.manual_seed(0)
    return student(body(line))["f"](numbers())


@pytest.mark.parametrize("line", RUNS)
def test_this_runs_on_every_device_with_the_same_numbers(line: str) -> None:
    torch.manual_seed(0)
    found = trip(body(line), x=numbers())
    assert (slips_of(found), found.observed.error) == ([], None)
    assert _numbers(found.observed.values["out"]) == _numbers(observe(on_cpu(line)))


@pytest.mark.parametrize(("line", "kind"), REFUSED)
def test_this_runs_on_the_cpu_alone(line: str, kind: str) -> None:
    assert slips_of(trip(body(line), x=numbers()))[0].kind == kind


@pytest.mark.parametrize("line", [line for line, kind in REFUSED if kind != "refused"])
def test_on_the_cpu_nobody_would_notice(line: str) -> None:
    on_cpu(line)


needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="the same lines on a GPU: there is none here")


def tensors(thing: Any) -> Iterator[torch.Tensor]:
    if isinstance(thing, torch.Tensor):
        yield thing
    elif isinstance(thing, (list, tuple)):
        for item in thing:
            yield from tensors(item)


@needs_gpu
@pytest.mark.parametrize("line", RUNS)
def test_a_gpu_takes_it_too(line: str) -> None:
    assert all(tensor.is_cuda for tensor in tensors(student(body(line))["f"](numbers().cuda())))


@needs_gpu
@pytest.mark.parametrize(("line", "kind"), REFUSED)
def test_a_gpu_refuses_it_too(line: str, kind: str) -> None:
    if kind == "returned":
        assert not all(tensor.is_cuda for tensor in tensors(student(body(line))["f"](numbers().cuda())))
        return
    with pytest.raises((RuntimeError, TypeError, AssertionError)):
        student(body(line))["f"](numbers().cuda())
