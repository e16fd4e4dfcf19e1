"""The layers of surrogate networks on new data, by matrix products."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from bolus.estimators.surrogate.config import SLOPE, SPAN, STRIDE

Tensors = Mapping[str, np.ndarray]


def rectified(x: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Leaky rectifier."""
    return np.maximum(x, np.float32(SLOPE) * x)


def dense(tensors: Tensors, name: str, x: Float[np.ndarray, "n a"]) -> Float[np.ndarray, "n b"]:
    """Affine map."""
    return np.asarray(x @ tensors[f"{name}.weight"].T + tensors[f"{name}.bias"])


def tower(
    tensors: Tensors, name: str, curves: Float[np.ndarray, "n samples"]
) -> Float[np.ndarray, "n features"]:
    """Convolutions over time that halve the samples: kernel 4, step 2, one zero on either side."""
    x, level = curves[:, None, :], 0
    while f"{name}.{level}.weight" in tensors:
        kernel, bias = (tensors[f"{name}.{level}.{part}"] for part in ("weight", "bias"))
        around = np.pad(x, ((0, 0), (0, 0), (1, 1)))
        windows = np.lib.stride_tricks.sliding_window_view(around, SPAN, axis=2)[:, :, ::STRIDE]
        n, channels, length, _ = windows.shape
        flat = windows.transpose(0, 2, 1, 3).reshape(n * length, channels * SPAN)
        made = rectified(flat @ kernel.reshape(len(kernel), -1).T + bias)
        x, level = made.reshape(n, length, len(kernel)).transpose(0, 2, 1), level + 1
    return np.ascontiguousarray(x).reshape(len(x), x.shape[1] * x.shape[2])


def unet(tensors: Tensors, image: Float[np.ndarray, "c h w"]) -> Float[np.ndarray, "out h w"]:
    """U-Net over a slice whose sides its levels can halve.

    Source: Ronneberger et al., arXiv:1505.04597; here with mean pooling, nearest neighbours on
    the way up, and no normalisation.
    """
    kept, level, x = [], 0, image
    while f"down.{level}.weight" in tensors:
        x = rectified(_convolved(tensors, f"down.{level}", x if level == 0 else _halved(x)))
        kept.append(x)
        level += 1
    for above in reversed(range(level - 1)):
        wider = x.repeat(2, axis=1).repeat(2, axis=2)
        x = rectified(_convolved(tensors, f"up.{above}", np.concatenate([kept[above], wider])))
    return _convolved(tensors, "last", x)


def _halved(x: Float[np.ndarray, "c h w"]) -> Float[np.ndarray, "c h2 w2"]:
    channels, high, wide = x.shape
    return np.asarray(x.reshape(channels, high // 2, 2, wide // 2, 2).mean(axis=(2, 4)))


def _convolved(
    tensors: Tensors, name: str, x: Float[np.ndarray, "c h w"]
) -> Float[np.ndarray, "out h w"]:
    kernel, bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
    side, (_, high, wide) = kernel.shape[-1], x.shape
    around = np.pad(x, ((0, 0), (side // 2,) * 2, (side // 2,) * 2))
    windows = np.lib.stride_tricks.sliding_window_view(around, (side, side), axis=(1, 2))
    flat = windows.transpose(0, 3, 4, 1, 2).reshape(-1, high * wide)
    made = kernel.reshape(len(kernel), -1) @ flat + bias[:, None]
    return np.asarray(made.reshape(-1, high, wide))
