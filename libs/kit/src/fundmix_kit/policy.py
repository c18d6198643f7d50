"""Who may call what: one table, route × role, refusing whatever it does not name.

The table says whether a role may use a route at all, and on whose rows; the route then asks its
`Access` for the filter (`org_filter`) or has one row checked (`require_own`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Depends, FastAPI
from starlette.applications import Starlette
from starlette.requests import Request

from fundmix_kit.auth import Principal, TokenMissingError, TokenVerifier
from fundmix_kit.parameters import QueryParameters
from fundmix_kit.problems import ProblemError
from fundmix_kit.routes import OPERATIONAL_PATHS, ROUTE_KEY, RouteTemplates, iter_routes

ACCESS_KEY: Final = "fundmix.access"
READING_METHODS: Final = frozenset({"GET", "HEAD"})


class Scope(StrEnum):
    """Whose rows a role works on: those of its own organisation, or anybody's.

    The reading grant opens what is OWN, and never what is PRIVATE to an organisation.
    """

    OWN = "own"
    PRIVATE = "private"
    ANY = "any"


class Public(Enum):
    PUBLIC = "public"


PUBLIC: Final = Public.PUBLIC

Rule = Mapping[str, Scope]
Row = Rule | Public


class RoleNotAllowedError(ProblemError):
    def __init__(self, role: str) -> None:
        super().__init__(
            HTTPStatus.FORBIDDEN, "role_not_allowed", f"The role {role} may not do this."
        )


class OrganisationMissingError(ProblemError):
    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.FORBIDDEN,
            "organisation_missing",
            "The token names no organisation, and this role only sees its own rows.",
        )


class ForeignRowError(ProblemError):
    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.FORBIDDEN, "foreign_row", "This belongs to another organisation."
        )


class ForeignLevelError(ProblemError):
    def __init__(self, level: str) -> None:
        super().__init__(
            HTTPStatus.FORBIDDEN,
            "foreign_level",
            f"This belongs to the level {level}, not to yours.",
        )


class RouteWithoutPolicyError(ProblemError):
    def __init__(self) -> None:
        super().__init__(HTTPStatus.FORBIDDEN, "route_without_policy", "Nobody may use this route.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """A principal on a route that its role may use."""

    principal: Principal
    scope: Scope

    @property
    def org_filter(self) -> str | None:
        """The only organisation whose rows may be seen; None: everybody's."""
        return None if self.scope is Scope.ANY else self.principal.org

    def require_own(self, *orgs: str | None) -> None:
        """Raises ForeignRowError for a row that concerns only other organisations."""
        if self.scope is not Scope.ANY and self.principal.org not in orgs:
            raise ForeignRowError

    def require_level(self, level: str) -> None:
        """Raises ForeignLevelError for a row of another level, if the principal has one."""
        if self.scope is not Scope.ANY and self.principal.level not in (None, level):
            raise ForeignLevelError(level)


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyCase:
    """One cell of the table; `scope` None: refused."""

    method: str
    path: str
    role: str
    scope: Scope | None


class Policy:
    def __init__(
        self, rows: Mapping[tuple[str, str], Row], *, reading_grant: str = "read:city"
    ) -> None:
        self._rows = dict(rows)
        self._reading_grant = reading_grant

    def row(self, method: str, path: str) -> Row | None:
        return self._rows.get(("GET" if method == "HEAD" else method, path))

    def cases(self, roles: Collection[str]) -> list[PolicyCase]:
        """Every guarded route with every role, to generate tests from."""
        return [
            PolicyCase(method=method, path=path, role=role, scope=row.get(role))
            for (method, path), row in self._rows.items()
            if not isinstance(row, Public)
            for role in roles
        ]

    def missing(self, app: Starlette) -> set[tuple[str, str]]:
        """Routes that the table does not name; a service tests that there are none."""
        return {
            (method, path)
            for method, path in iter_routes(app)
            if path not in OPERATIONAL_PATHS and self.row(method, path) is None
        }

    def stale(self, app: Starlette) -> set[tuple[str, str]]:
        """Rows of the table that no route has."""
        return set(self._rows) - set(iter_routes(app))

    def access(self, principal: Principal, *, rule: Rule, method: str) -> Access:
        scope = rule.get(principal.role)
        if scope is None:
            raise RoleNotAllowedError(principal.role)
        has_grant = method in READING_METHODS and self._reading_grant in principal.grants
        if scope is Scope.OWN and has_grant:
            scope = Scope.ANY
        if scope is not Scope.ANY and principal.org is None:
            raise OrganisationMissingError
        return Access(principal=principal, scope=scope)


class Guard:
    """Runs before every endpoint and its other dependencies."""

    def __init__(
        self,
        policy: Policy,
        verifier: TokenVerifier,
        templates: RouteTemplates,
        parameters: QueryParameters,
    ) -> None:
        self._policy = policy
        self._verifier = verifier
        self._templates = templates
        self._parameters = parameters

    async def __call__(self, request: Request) -> None:
        method = request.method
        route = request.scope[ROUTE_KEY] = self._templates.of(request.scope)
        row = self._policy.row(method, route)
        if isinstance(row, Public):
            return
        principal = await self._verifier.verify(bearer_token(request))
        if row is None:
            raise RouteWithoutPolicyError
        request.scope[ACCESS_KEY] = self._policy.access(principal, rule=row, method=method)
        self._parameters.require_read(request)


def install_policy(
    app: FastAPI, policy: Policy, verifier: TokenVerifier, templates: RouteTemplates
) -> None:
    """Guard every route that is added from now on."""
    assert not policy.missing(app), "routes were added before their guard"
    guard = Guard(policy, verifier, templates, QueryParameters(app))
    app.router.dependencies.append(Depends(guard))


def bearer_token(request: Request) -> str:
    """Raises TokenMissingError."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise TokenMissingError
    return token.strip()


async def current_access(request: Request) -> Access:
    access = request.scope.get(ACCESS_KEY)
    assert isinstance(access, Access), "a public route knows nobody"
    return access


AccessDep = Annotated[Access, Depends(current_access)]
