"""The batch APIs of model providers: half the price, and the answers within a day."""
