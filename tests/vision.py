"""Colours as different eyes, and a printer without colours, see them.

Simulated with the matrices of Machado, Oliveira and Fernandes 2009 ("A physiologically-based model for simulation of
color vision deficiency", IEEE TVCG 15, 1291-1298) at severity 1.0, which act on linear RGB. Grey is the relative
luminance of WCAG 2.2, whose lightness is CIE L*. Contrast is WCAG's; differences are Euclidean in CIE Lab (CIE 1976).
A colour here is linear RGB, an array of three numbers from 0 to 1 (the last axis, where there are more).
"""

from __future__ import annotations

import numpy as np

LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
VISIONS = {
    "as it is": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
    "grey": np.tile(LUMINANCE, (3, 1)),
}
IN_COLOUR = tuple(name for name in VISIONS if name != "grey")
_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE = np.array([0.9505, 1, 1.089])  # D65


def linear(srgb: object) -> np.ndarray:
    """sRGB, as "#rrggbb" or numbers from 0 to 1, to linear RGB: IEC 61966-2-1."""
    if isinstance(srgb, str):
        srgb = [int(srgb[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    value = np.asarray(srgb, dtype=float)
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def over(srgba: object, ground: object = (1.0, 1.0, 1.0)) -> np.ndarray:
    """sRGB with an opacity, painted over a ground (sRGB, numbers), as screens do it; sRGB."""
    colour = np.asarray(srgba, dtype=float)
    alpha = colour[..., 3:] if colour.shape[-1] == 4 else 1.0
    return colour[..., :3] * alpha + np.asarray(ground, dtype=float)[..., :3] * (1 - alpha)


def seen(rgb: np.ndarray, vision: str) -> np.ndarray:
    return np.clip(rgb @ VISIONS[vision].T, 0, 1)


def luminance(rgb: np.ndarray) -> np.ndarray:
    return rgb @ LUMINANCE


def contrast(one: np.ndarray, other: np.ndarray, vision: str = "as it is") -> float:
    """1 to 21. WCAG asks for 4.5 for text (1.4.3) and for 3 for what a chart is read by (1.4.11)."""
    dark, light = sorted(float(luminance(seen(rgb, vision))) for rgb in (one, other))
    return (light + 0.05) / (dark + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE Lab of linear RGB, white D65."""
    t = np.clip(rgb, 0, 1) @ _TO_XYZ.T / _WHITE
    f = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


def lightness(rgb: np.ndarray) -> np.ndarray:
    """CIE L*, 0 to 100."""
    return lab(rgb)[..., 0]


def difference(one: np.ndarray, other: np.ndarray, vision: str = "as it is") -> float:
    return float(np.linalg.norm(lab(seen(one, vision)) - lab(seen(other, vision))))
