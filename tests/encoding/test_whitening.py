from __future__ import annotations

import numpy as np
import pytest
from sklearn.covariance import ShrunkCovariance
from sklearn.decomposition import PCA

from vlm4rec.encoding.encoder import Floats, normalise
from vlm4rec.encoding.whitening import Whitening
from vlm4rec.errors import DataError


def cone(n: int = 400, d: int = 12, seed: int = 0) -> Floats:
    """Vectors in a narrow cone, as text encoders make them."""
    rng = np.random.default_rng(seed)
    spread = rng.normal(size=(n, d)) * np.geomspace(1, 0.01, d)
    return normalise(spread + 4)


def test_without_shrinkage_it_is_pca_whitening() -> None:
    vectors = cone()
    ours = (vectors - vectors.mean(0)) @ Whitening.fit(vectors, shrinkage=0).matrix
    theirs = PCA(whiten=True).fit_transform(vectors.astype(np.float64))
    # Normalised vectors have no more than d - 1 directions to speak of.
    np.testing.assert_allclose(np.abs(ours[:, :8]), np.abs(theirs[:, :8]), rtol=2e-3, atol=2e-3)


def test_shrinkage_is_that_of_the_shrunk_covariance() -> None:
    vectors = cone()
    n = len(vectors)
    white = Whitening.fit(vectors, shrinkage=0.3)
    theirs = ShrunkCovariance(shrinkage=0.3).fit(vectors.astype(np.float64)).covariance_
    inverse = white.matrix.astype(np.float64) @ white.matrix.T.astype(np.float64)
    np.testing.assert_allclose(inverse, np.linalg.inv(theirs * n / (n - 1)), rtol=1e-3, atol=1)


def test_full_shrinkage_leaves_centring_only() -> None:
    vectors = cone()
    whitened = Whitening.fit(vectors, shrinkage=1).apply(vectors)
    centred = normalise(vectors - vectors.mean(0))
    np.testing.assert_allclose(whitened @ whitened.T, centred @ centred.T, atol=1e-4)


def test_it_opens_the_cone() -> None:
    vectors = cone()
    whitened = Whitening.fit(vectors).apply(vectors)
    assert (vectors @ vectors.T).mean() > 0.9
    assert abs((whitened @ whitened.T).mean()) < 0.05
    np.testing.assert_allclose(np.linalg.norm(whitened, axis=1), 1, rtol=1e-5)


def test_fewer_vectors_than_dimensions_stay_finite() -> None:
    vectors = cone(n=5, d=64)
    for shrinkage in (0.0, 0.1):
        assert np.isfinite(Whitening.fit(vectors, shrinkage=shrinkage).apply(vectors)).all()


def test_it_is_the_same_every_time() -> None:
    a, b = Whitening.fit(cone()), Whitening.fit(cone())
    assert (a.matrix == b.matrix).all()


@pytest.mark.parametrize("n", [0, 1, 3])
def test_equal_vectors_can_not_be_whitened(n: int) -> None:
    with pytest.raises(DataError, match="two items"):
        Whitening.fit(np.ones((n, 4), dtype=np.float32))


@pytest.mark.parametrize("shrinkage", [-0.1, 1.1, float("nan")])
def test_shrinkage_has_a_range(shrinkage: float) -> None:
    with pytest.raises(DataError, match="0 to 1"):
        Whitening.fit(cone(), shrinkage=shrinkage)
