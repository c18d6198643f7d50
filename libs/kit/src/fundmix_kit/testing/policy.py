"""Trials of a policy table: every route, every role, on own rows and on foreign ones.

A service says which rows there are (`PolicyRows`); everything else follows from its table.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final

import httpx2

from fundmix_kit.ids import uuid7
from fundmix_kit.paging import PAGE_ROWS_MAX
from fundmix_kit.policy import Policy, Scope
from fundmix_kit.testing.api import Api, refusal
from fundmix_kit.testing.contents import nothing_written
from fundmix_kit.testing.tokens import WRONG_TOKENS

Route = tuple[str, str]
"""Method and path template."""

READING_GRANT: Final = "read:city"

# Of the kit's own routes, which every service has.
KIT_PARAMETERS: Final = {"quarantine_id": "1"}
KIT_BODIES: Final[Mapping[Route, Callable[["Owner"], object]]] = {
    ("POST", "/v1/quarantine/{quarantine_id}/dismiss"): lambda _: {"reason": "a trial"},
}

# Answers that say nothing about the caller: a request like these would prove nothing.
ASKED_WRONGLY: Final = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.PRECONDITION_REQUIRED,
    }
)


class Owner(StrEnum):
    """Whose row is asked for: that of the caller's organisation, or another's."""

    OURS = "ours"
    THEIRS = "theirs"


@dataclass(frozen=True, kw_only=True)
class PolicyRows:
    """The rows of a service, a set of ours and a set of theirs.

    `organisations` has the organisation a role calls for; `parameters` what fills the path
    templates. `bodies` has a body that fits for each route that takes one, about a row of the
    owner's. `lists` names for each list the field of its items by which `parameters` knows a row.
    `queries` has the query parameters of a route that needs some; they name a row of the owner's,
    except those of a list.
    """

    organisations: Mapping[str, str]
    parameters: Mapping[Owner, Mapping[str, str]]
    bodies: Mapping[Route, Callable[[Owner], object]]
    lists: Mapping[Route, str]
    queries: Mapping[Route, Callable[[Owner], Mapping[str, str]]] = field(
        default_factory=dict[Route, Callable[["Owner"], Mapping[str, str]]]
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    method: str
    path: str
    role: str
    scope: Scope | None
    owner: Owner
    has_grant: bool

    @property
    def route(self) -> Route:
        return self.method, self.path

    @property
    def sees_foreign_rows(self) -> bool:
        return self.scope is Scope.ANY or (self.scope is Scope.OWN and self.has_grant)

    def __str__(self) -> str:
        grant = "-with_grant" if self.has_grant else ""
        return f"{self.method} {self.path}-{self.role}-{self.owner}{grant}"


def trials(policy: Policy, roles: Collection[str]) -> list[Trial]:
    """Every cell of the table with own and foreign rows; reading also with the reading grant."""
    return [
        Trial(
            method=case.method,
            path=case.path,
            role=case.role,
            scope=case.scope,
            owner=owner,
            has_grant=has_grant,
        )
        for case in policy.cases(roles)
        for owner in Owner
        for has_grant in ((False, True) if case.method == "GET" else (False,))
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class WrongTokenTrial:
    method: str
    path: str
    role: str
    # None: the request has no token at all.
    token: str | None

    def __str__(self) -> str:
        return f"{self.method} {self.path}-{self.token or 'missing'}"


def wrong_token_trials(policy: Policy, roles: Collection[str]) -> list[WrongTokenTrial]:
    """Every route with every wrong token, in the name of a role that may use the route."""
    role_by_route = {
        (case.method, case.path): case.role for case in policy.cases(roles) if case.scope
    }
    return [
        WrongTokenTrial(method=method, path=path, role=role, token=token)
        for (method, path), role in role_by_route.items()
        for token in (None, *WRONG_TOKENS)
    ]


class PolicyTrials:
    """Holds the trials, as somebody who asks for everything in the right form."""

    def __init__(self, api: Api, rows: PolicyRows) -> None:
        self._api = api
        self._rows = rows

    async def hold(self, trial: Trial) -> None:
        """Fails unless the answer is the one that the table promises."""
        is_refused = trial.scope is None
        is_foreign = (
            trial.owner is Owner.THEIRS
            and not trial.sees_foreign_rows
            and self._is_about_a_row(trial.route)
        )
        if is_refused or is_foreign:
            async with nothing_written(self._api.database):
                answer = await self._ask(trial.route, trial.owner, self._headers(trial))
            found = refusal(answer)
            expected = "role_not_allowed" if is_refused else "foreign_row"
            assert (found.status, found.code) == (HTTPStatus.FORBIDDEN, expected)
            return
        answer = await self._ask(trial.route, trial.owner, self._headers(trial))
        _assert_let_through(answer)
        if trial.route in self._rows.lists:
            self._assert_rows_are_seen(trial, answer)

    async def hold_without_organisation(self, trial: Trial) -> None:
        """The same, by somebody whose token names no organisation to own anything."""
        assert trial.scope in {Scope.OWN, Scope.PRIVATE}
        assert not trial.has_grant
        headers = self._api.tokens.headers(trial.role)
        async with nothing_written(self._api.database):
            answer = await self._ask(trial.route, trial.owner, headers)
        found = refusal(answer)
        assert (found.status, found.code) == (HTTPStatus.FORBIDDEN, "organisation_missing")

    async def hold_with_wrong_token(self, trial: WrongTokenTrial) -> None:
        headers: dict[str, str] = {}
        if trial.token is not None:
            token = WRONG_TOKENS[trial.token](self._api.tokens, trial.role)
            headers["Authorization"] = f"Bearer {token}"
        async with nothing_written(self._api.database):
            answer = await self._ask((trial.method, trial.path), Owner.OURS, headers)
        is_dev = trial.token is not None and "dev" in trial.token
        found = refusal(answer)
        expected = "dev_issuer_refused" if is_dev else "unauthenticated"
        assert (found.status, found.code) == (HTTPStatus.UNAUTHORIZED, expected)
        assert answer.headers["www-authenticate"].startswith("Bearer")

    async def _ask(self, route: Route, owner: Owner, headers: Mapping[str, str]) -> httpx2.Response:
        method, path = route
        sent = {**headers, "If-Match": "*", "Idempotency-Key": str(uuid7())}
        body_of = {**KIT_BODIES, **self._rows.bodies}.get(route)
        query_of = self._rows.queries.get(route)
        query = {} if query_of is None else dict(query_of(owner))
        if route in self._rows.lists:
            query["limit"] = str(PAGE_ROWS_MAX)
        return await self._api.client.request(
            method,
            path.format_map({**KIT_PARAMETERS, **self._rows.parameters[owner]}),
            params=query,
            json=None if body_of is None else body_of(owner),
            headers=sent,
        )

    def _headers(self, trial: Trial) -> dict[str, str]:
        return self._api.tokens.headers(
            trial.role,
            org=self._rows.organisations.get(trial.role),
            grants=[READING_GRANT] if trial.has_grant else [],
        )

    def _is_about_a_row(self, route: Route) -> bool:
        names_a_row = route in self._rows.queries and route not in self._rows.lists
        return route in self._rows.bodies or "{" in route[1] or names_a_row

    def _assert_rows_are_seen(self, trial: Trial, answer: httpx2.Response) -> None:
        name = self._rows.lists[trial.route]
        page: dict[str, Any] = answer.json()
        assert page["next_cursor"] is None, "the list is longer than this trial can see"
        seen = {item[name] for item in page["items"]}
        ours, theirs = (self._rows.parameters[owner][name] for owner in Owner)
        assert ours in seen
        assert (theirs in seen) is trial.sees_foreign_rows


def _assert_let_through(answer: httpx2.Response) -> None:
    """The caller was no reason to refuse: it worked, or a rule of the domain was against it."""
    if answer.is_error:
        found = refusal(answer)
        assert found.status not in ASKED_WRONGLY, found
        assert found.status < HTTPStatus.INTERNAL_SERVER_ERROR, found
        assert found.code != "invalid_request", found
