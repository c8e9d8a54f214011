"""A shop: the one object that the quickstart needs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Self

from vlm4rec.catalog.items import Catalog
from vlm4rec.encoding.encoder import TextEncoder
from vlm4rec.encoding.vectors import ItemVectors
from vlm4rec.errors import DataError, UnknownIdError, Vlm4recError
from vlm4rec.grounding.lvlm import LVLM
from vlm4rec.grounding.prompt_files import prompt_from
from vlm4rec.grounding.prompts import DEFAULT_PROMPT, Prompt
from vlm4rec.grounding.providers.registry import lvlm_from_spec
from vlm4rec.grounding.report import GroundingReport, RunOptions
from vlm4rec.grounding.schema import Answer
from vlm4rec.grounding.watching import Watch, no_watch
from vlm4rec.interactions.interactions import History, Interactions
from vlm4rec.recommending.recommendations import Recommendations
from vlm4rec.recommending.recommender import Recommender
from vlm4rec.shop.answers import ShopAnswers
from vlm4rec.shop.encode import load_vectors, run_encoding
from vlm4rec.shop.encode_options import EncodeOptions
from vlm4rec.shop.folder import ShopFolder
from vlm4rec.shop.ground import Batching, GroundingPlan, plan_grounding, run_grounding
from vlm4rec.shop.init_options import InitOptions
from vlm4rec.shop.initialise import initialise
from vlm4rec.shop.stages import Stage, silent
from vlm4rec.shop.status import Status, shop_status
from vlm4rec.shop.suggest import unknown_item, unknown_user
from vlm4rec.shop.tuned import tuned_ranking
from vlm4rec.shop.tuned_choice import tuned_choice

__all__ = ["Shop"]


class Shop:
    """One catalog and all that is derived from it, in a folder.

    Open a shop with `Shop.open`, make one with `Shop.create`. The object reads what it needs
    when it needs it, once; after a step that it runs itself it reads anew.

    Examples
    --------
    >>> from vlm4rec import Shop
    >>> shop = Shop.open("my-shop")  # doctest: +SKIP
    >>> for item in shop.recommend(["0108775015", "0111586001"], k=3):  # doctest: +SKIP
    ...     print(item.id, item.title, item.reasons[0])
    """

    def __init__(self, folder: ShopFolder) -> None:
        self.folder = folder

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Open a shop.

        Raises
        ------
        ShopNotFoundError, ShopVersionError, ShopDamagedError
            If the folder is no shop that can be read.
        """
        folder = ShopFolder(Path(path).expanduser().resolve())
        folder.manifest()
        return cls(folder)

    @classmethod
    def create(
        cls,
        path: str | Path,
        options: InitOptions,
        *,
        replace: bool = False,
        stage: Stage = silent,
    ) -> Self:
        """Make a shop of a catalog, or bring it up to date with its source.

        See `vlm4rec.shop.initialise.initialise` for what is raised.
        """
        folder = ShopFolder(Path(path).expanduser().resolve())
        initialise(folder, options, stage, replace=replace)
        return cls(folder)

    def ground(
        self,
        lvlm: str | LVLM,
        *,
        base_url: str | None = None,
        prompt: Prompt | str = DEFAULT_PROMPT,
        limit: int | None = None,
        budget: float | None = None,
        options: RunOptions | None = None,
        second: str | LVLM | None = None,
        all_photos: bool = False,
        missing: bool = False,
        batch: Batching = "no",
        watch: Watch = no_watch,
    ) -> GroundingReport:
        """Have an LVLM describe the photos that are not described yet.

        ``lvlm`` and ``second`` are providers, or their names: ``"openai:gpt-4.1-mini"``,
        ``"recorded:FILE"``; ``prompt`` is one, or its id, or a TOML file. ``limit`` and
        ``budget`` (US dollars) are those of ``options``, for short. See
        `vlm4rec.shop.ground.run_grounding` for the rest.
        """
        run = partial(
            run_grounding,
            self.folder,
            lvlm_from_spec(lvlm, base_url=base_url) if isinstance(lvlm, str) else lvlm,
            prompt=prompt_from(prompt) if isinstance(prompt, str) else prompt,
            options=_with(options or RunOptions(), limit, budget),
            second=lvlm_from_spec(second) if isinstance(second, str) else second,
            all_photos=all_photos,
            missing=missing,
            batch=batch,
            watch=watch,
        )
        report = run() if not _in_event_loop() else _in_thread(run)
        self.refresh()
        return report

    def plan_grounding(
        self,
        lvlm: str | LVLM,
        *,
        base_url: str | None = None,
        prompt: Prompt | str = DEFAULT_PROMPT,
        options: RunOptions | None = None,
        second: str | LVLM | None = None,
        all_photos: bool = False,
        missing: bool = False,
    ) -> GroundingPlan:
        """Estimate what `ground` would ask, and what that would cost; asks no one.

        >>> shop = Shop.open("my-shop")  # doctest: +SKIP
        >>> shop.plan_grounding("openai:gpt-4.1-mini").run.estimate.cost  # doctest: +SKIP
        3.1
        """
        return plan_grounding(
            self.folder,
            lvlm_from_spec(lvlm, base_url=base_url) if isinstance(lvlm, str) else lvlm,
            prompt=prompt_from(prompt) if isinstance(prompt, str) else prompt,
            options=options,
            second=lvlm_from_spec(second) if isinstance(second, str) else second,
            all_photos=all_photos,
            missing=missing,
        )

    def encode(
        self,
        document: str | None = None,
        encoder: str | TextEncoder | None = None,
        *,
        whiten: bool | None = None,
        shrinkage: float | None = None,
        weights: Mapping[str, float] | None = None,
        again: bool = False,
        stage: Stage = silent,
    ) -> None:
        """Make item vectors: only texts that are new or changed are encoded.

        What is None is as it was the last time; see `vlm4rec.shop.encode_options.EncodeOptions`
        for the defaults and `vlm4rec.shop.encode.run_encoding` for what is raised.

        Parameters
        ----------
        document
            The recipe: ``"title+description"``, ``"description"``, ``"attributes"``, ``"title"``,
            ``"facets"``, ``"metadata"`` (the shop's own attributes), ``"metadata:ATTRIBUTE"`` or
            ``"template:..."``.
        encoder
            An encoder, or the name of a sentence-transformers model.
        whiten
            Whether the vectors are whitened.
        shrinkage
            How carefully, from 0 to 1.
        weights
            Relative weights of facets.
        again
            Make the vectors anew even if nothing changed.
        stage
            Shows progress.
        """
        name = encoder if isinstance(encoder, str) else None
        run_encoding(
            self.folder,
            EncodeOptions(document, name, whiten, shrinkage, weights),
            encoder=None if isinstance(encoder, str) else encoder,
            again=again,
            stage=stage,
        )
        self.refresh()

    def recommend(
        self,
        history: Iterable[str] | History | None = None,
        *,
        user: str | None = None,
        k: int = 10,
        reasons: int = 3,
        vectors_only: bool = False,
    ) -> Recommendations:
        """Recommend items for a history, or for a user of the shop.

        A shop that was tuned ranks by what was found: see `vlm4rec.shop.tuned.tuned_ranking`.

        Parameters
        ----------
        history
            Item ids, oldest first, or a `History`; nobody needs to be known to the shop.
        user
            A user whose interactions the shop holds, instead of a history.
        k
            How many items.
        reasons
            How many reasons an item.
        vectors_only
            Rank by the item vectors alone, though the shop was tuned.

        Raises
        ------
        DataError
            If neither or both are given, or nothing in the history can be used.
        UnknownIdError
            If the shop holds no interaction of the user.
        StepMissingError
            If the shop has no vectors yet.
        """
        if user is not None and history is None:
            return self._recommender(vectors_only).recommend(
                self.history(user), k, user=user, reasons=reasons
            )
        if history is None or user is not None:
            raise DataError("Give either a history or a user.")
        if isinstance(history, str) or not isinstance(history, (History, Iterable)):
            raise DataError(
                f"A history is a list of item ids (strings), not {history!r}.", "Write [id, id]."
            )
        given = history if isinstance(history, History) else History.of(history)
        if given.items and not any(item in self.catalog for item in given.items):
            raise unknown_item(given.items[0], self.catalog.ids)
        return self._recommender(vectors_only).recommend(given, k, reasons=reasons)

    def similar(self, item: str, k: int = 10) -> Recommendations:
        """Return the k items most like an item.

        Raises
        ------
        UnknownIdError
            If there is no such item.
        DataError
            If it has no vector.
        """
        if item not in self.catalog:
            raise unknown_item(str(item), self.catalog.ids)
        if self.vectors.row(item) is None:
            raise DataError(
                f"The item {item!r} has no vector yet.",
                f"Run: vlm4rec ground {self.folder.quoted} --lvlm ..., then encode.",
            )
        return self.vector_recommender.similar(item, k)

    def history(self, user: str) -> History:
        """Return the history of a user.

        Raises
        ------
        UnknownIdError
            If the shop holds no interaction of the user.
        """
        try:
            return self.interactions.history(user)
        except UnknownIdError:
            raise unknown_user(str(user), self.interactions.users) from None

    def status(self) -> Status:
        """Tell what is there, stale or missing."""
        return shop_status(self.folder)

    def refresh(self) -> None:
        """Forget what was read, so that it is read anew when it is needed."""
        read = ("catalog", "interactions", "answers", "vectors", "recommender")
        for name in (*read, "vector_recommender"):
            self.__dict__.pop(name, None)

    @cached_property
    def catalog(self) -> Catalog:
        """The items."""
        self.folder.step("init")
        return Catalog(self.folder.read(self.folder.catalog_file))

    @cached_property
    def interactions(self) -> Interactions:
        """What users did."""
        self.folder.step("init")
        return Interactions(self.folder.read(self.folder.interactions_file))

    @cached_property
    def answers(self) -> Mapping[str, Sequence[Answer]]:
        """What the LVLM wrote of each grounded item, read as it is asked for."""
        return ShopAnswers(self.folder)

    @cached_property
    def vectors(self) -> ItemVectors:
        """The item vectors."""
        self.folder.step("init")
        return load_vectors(self.folder)

    @cached_property
    def vector_recommender(self) -> Recommender:
        """Ranks items for histories by the item vectors alone."""
        frame = self.catalog.frame
        titles = dict(zip(frame["id"], frame["title"], strict=True))
        return Recommender(self.vectors, titles, self.answers)

    @cached_property
    def recommender(self) -> Recommender:
        """Ranks items for histories: as the shop was tuned, or by the item vectors alone.

        If what was tuned can't be had, as where an optional dependency is missing, the item
        vectors rank, and every ranking's note says why.
        """
        plain = self.vector_recommender
        try:
            choice = tuned_choice(self.folder)
            if choice is None:
                return plain
            blended, note = tuned_ranking(self, choice)
        except Vlm4recError as error:
            blended, note = None, f"Ranked by the item vectors alone, not as tuned: {error}"
        return Recommender(
            plain.vectors,
            plain.titles,
            plain.answers,
            index=plain.index,
            blended=blended,
            note=note,
        )

    def _recommender(self, vectors_only: bool) -> Recommender:
        return self.vector_recommender if vectors_only else self.recommender

    def __repr__(self) -> str:
        return f"<Shop {self.folder.root}>"


def _with(options: RunOptions, limit: int | None, budget: float | None) -> RunOptions:
    limit = options.limit if limit is None else limit
    return replace(options, limit=limit, budget=options.budget if budget is None else budget)


def _in_event_loop() -> bool:
    """Tell whether a loop runs here already, as in a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _in_thread(run: Callable[[], GroundingReport]) -> GroundingReport:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()
