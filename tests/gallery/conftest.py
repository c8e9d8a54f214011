from tests.shop.conftest import change, options, shop, source

__all__ = ["change", "options", "shop", "source"]
