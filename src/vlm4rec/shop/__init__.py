"""The shop folder: a catalog and all that is derived from it."""

from vlm4rec.shop.folder import ShopFolder
from vlm4rec.shop.init_options import InitOptions
from vlm4rec.shop.shop import Shop
from vlm4rec.shop.status import Status

__all__ = ["InitOptions", "Shop", "ShopFolder", "Status"]
