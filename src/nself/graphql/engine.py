"""The door of the GraphQL room: metadata in, an operation and a session in, response bytes out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from nself.graphql import execute
from nself.graphql.actions.roots import ActionRoots
from nself.graphql.admission.gate import Policy, client, too_often, too_slow
from nself.graphql.admission.rate import RateLimiter
from nself.graphql.errors import ApiError
from nself.graphql.events import context
from nself.graphql.language.document import TOO_DEEP
from nself.graphql.loaded import Loaded, load
from nself.graphql.metadata.model import Inconsistency, Metadata
from nself.graphql.plan.operation import Asked, Awaited, Known, MutationPlan, Plan, QueryPlan, SubscriptionPlan
from nself.graphql.remote.endpoint import RemoteErrorsError
from nself.graphql.remote.registry import RemoteSchemas
from nself.graphql.remote.schema import RemoteRoots
from nself.graphql.rest.router import Router
from nself.graphql.run import Reply, Run, World
from nself.graphql.schema.naming import Conventions
from nself.graphql.schema.role import RoleSchema
from nself.graphql.sessions.session import Session
from nself.graphql.sources.found import Found, find
from nself.graphql.sources.pools import Pools
from nself.graphql.sql.printer import printed
from nself.graphql.sql.statement import translating
from nself.graphql.sql.tree import Select
from nself.graphql.sql.values import Bindings
from nself.graphql.subscriptions.explain import explain_subscription
from nself.pg.catalog import Catalog
from nself.pg.database import Database
from nself.pg.introspect import introspect
from nself.records import dataclass
from nself.web.json import encode

_NOTHING = Catalog()


class Request(Struct, frozen=True, kw_only=True):
    """One GraphQL request as it came in. `headers` are the client's, names in lower case: some are passed on.
    `relay` ones ask the schema of relay, `row_command` ones stand for a command of /v1/query; `address` is the
    client's, as far as it is known."""

    query: str
    variables: Mapping[str, Any] | None = None
    operation_name: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    row_command: bool = False
    relay: bool = False
    address: str = ""


@dataclass(frozen=True, slots=True)
class Subscribed:
    """`database` is where the plan's statement goes, if it has one."""

    plan: SubscriptionPlan
    bindings: Bindings
    database: Database | None


class Engine:
    """Serves the databases of the metadata's sources. `load` swaps catalogs and metadata in at once; running requests
    keep what they began with.

    `show_internal` keeps the statement and the database's own error in ApiError.internal. They hold values and SQL: who
    may see them is the caller's to decide.
    """

    def __init__(
        self,
        pools: Pools,
        *,
        remotes: RemoteSchemas | None = None,
        stringify_numerics: bool = False,
        show_internal: bool = False,
        infer_functions: bool = True,
        policy: Policy | None = None,
        world: World | None = None,
        conventions: Conventions = Conventions(),  # noqa: B008 - frozen
        federation: bool = False,
    ) -> None:
        self.conventions, self._federation = conventions, federation
        self.pools, self._policy, self.world = pools, policy or Policy(), world
        self.remotes = remotes or RemoteSchemas()
        self._stringify_numerics, self._show_internal = stringify_numerics, show_internal
        self._infer_functions = infer_functions
        self._found: Mapping[str, Found] = {}
        self._loaded = self._load(Metadata(), self._found)
        self._one_at_a_time = asyncio.Lock()
        self._rates = RateLimiter()
        self.captured = asyncio.Event()
        """Set after each mutation that may have left events to deliver; whoever delivers them clears it."""
        self.on_load: list[Callable[[], object]] = []
        """Called whenever another schema has come into force."""

    @property
    def catalogs(self) -> Mapping[str, Catalog]:
        """Of the sources that can be reached, by name."""
        return self._loaded.catalogs

    @property
    def rest(self) -> Router:
        """The REST endpoints in force."""
        return self._loaded.rest

    @property
    def kept_in(self) -> Database:
        """Where the metadata is, and what belongs to it."""
        assert self.world is not None
        return self.world.kept_in

    @property
    def actions(self) -> ActionRoots:
        """The actions in force."""
        return self._loaded.actions

    def schema(self, role: str) -> RoleSchema:
        """What the role sees, as a trusted server."""
        return self._loaded.schema_of(role, True)

    @property
    def databases(self) -> Mapping[str, Database]:
        """Of the sources that can be reached, by name."""
        return self._loaded.databases

    def plan_counts(self) -> dict[str, int]:
        """How many operations and plans are remembered."""
        return self._loaded.plans.counts()

    def check_batch(self, session: Session, size: int) -> None:
        """Raises ApiError for more operations in one request than the role may send."""
        self._loaded.gate.check_batch(session.role, size)

    def time_limit_s(self, role: str) -> float | None:
        """How long one operation of the role may take."""
        return self._loaded.gate.time_s(role)

    def admit(self, request: Request, session: Session) -> None:
        """Count the request. Raises ApiError for one too many; `execute` does so by itself."""
        rate = self._loaded.gate.rate(session.role)
        if rate is not None and not self._rates.allows(client(session, rate, request.address), rate.per_minute):
            raise too_often()

    def catalog_of(self, source: str) -> Catalog:
        """Empty for a source that cannot be reached."""
        return self._loaded.catalogs.get(source, _NOTHING)

    def database_of(self, source: str) -> Database:
        """Raises ApiError for a source that cannot be reached."""
        if source not in self._loaded.databases:
            reason = self.pools.failures.get(source, "it was just added")
            raise ApiError(
                "connection-not-established", f'source "{source}" cannot be reached: {reason}', path="$.args"
            )
        return self._loaded.databases[source]

    async def load(
        self, metadata: Metadata, *, retry: bool = False, only: Collection[str] | None = None
    ) -> list[Inconsistency]:
        """Read the catalogs, build the schema, swap both in. What metadata names in vain is returned and left out.
        With `retry`, sources that could not be reached are tried again; `only` names those whose catalog may have
        changed."""
        async with self._one_at_a_time:
            if self.world is not None:
                self.world.outgoing.allowlist.follow(metadata.rest.get("network") or {})
            known = {name: one for name, one in self._found.items() if only is not None and name not in only}
            found = await find(self.pools, metadata, retry=retry, known=known)
            await self.remotes.refresh(metadata, retry=retry)
            self._loaded, self._found = (loaded := self._load(metadata, found)), found
            for follow in self.on_load:
                follow()
            return list(loaded.inconsistencies)

    async def look(self, source: str) -> Catalog:
        """A source's catalog as it is now, which may be newer than the one in use."""
        with translating("$.args"):
            return await introspect(self.database_of(source))

    def role_schema(self, session: Session) -> RoleSchema:
        """What the session's role may ask."""
        return self._loaded.plans.schema_of(session.role, _sees_backend(session))

    def _load(self, metadata: Metadata, found: Mapping[str, Found]) -> Loaded:
        return load(
            metadata,
            found,
            self.pools.failures,
            self._policy,
            conventions=self.conventions,
            federation=self._federation,
            remote=RemoteRoots(self.remotes, metadata),
            environ=self.world.environ if self.world else {},
            stringify_numerics=self._stringify_numerics,
            infer_functions=self._infer_functions,
        )

    async def execute(self, request: Request, session: Session) -> Reply:
        """The complete JSON body, `{"data": ...}`, and what belongs to its HTTP response. Raises ApiError."""
        self.admit(request, session)
        return await self.answer(request, session)

    async def answer(self, request: Request, session: Session) -> Reply:
        """As `execute`, for a request that was admitted already."""
        loaded = self._loaded
        limit_s = loaded.gate.time_s(session.role)
        try:
            plan, bindings = self._planned(loaded, request, session)
            if isinstance(plan, SubscriptionPlan):
                raise ApiError("not-supported", "subscriptions are not supported over HTTP, use websockets instead")
            run = self._run(loaded, request, bindings)
            if limit_s is None:
                return await self._answered(loaded, run, plan, session)
            return await self._in_time(limit_s, self._answered(loaded, run, plan, session))
        except RemoteErrorsError as error:
            return Reply(encode({"data": None, "errors": error.errors}))
        except ApiError as error:
            if not self._show_internal:
                error.internal = None
            raise

    async def _answered(self, loaded: Loaded, run: Run, plan: QueryPlan | MutationPlan, session: Session) -> Reply:
        if isinstance(plan, QueryPlan):
            return await execute.query(run, plan)
        return await self._change(loaded, run, plan, session)

    async def _in_time(self, limit_s: float, work: Coroutine[Any, Any, Reply]) -> Reply:
        try:
            async with asyncio.timeout(limit_s) as time:
                return await work
        except TimeoutError:
            if not time.expired():
                raise
            # Not from the TimeoutError: it is an OSError, and those tell of a lost database.
            raise too_slow(limit_s) from None

    async def _change(self, loaded: Loaded, run: Run, plan: MutationPlan, session: Session) -> Reply:
        if not loaded.captured:
            return await execute.mutation(run, plan)
        reply = await execute.mutation(replace(run, context=context.of(session, loaded.captured, run.headers)), plan)
        self.captured.set()
        return reply

    def _run(self, loaded: Loaded, request: Request, bindings: Bindings) -> Run:
        return Run(
            databases=loaded.databases,
            bindings=bindings,
            query=request.query,
            headers=request.headers,
            outside=self.world,
        )

    def subscribed(self, request: Request, session: Session) -> Subscribed | None:
        """How a subscription is answered by the schema in force, None if it is none. ApiError when it is refused."""
        loaded = self._loaded
        plan, bindings = self._planned(loaded, request, session)
        if not isinstance(plan, SubscriptionPlan):
            return None
        return Subscribed(plan, bindings, loaded.databases[plan.source] if plan.many else None)

    async def answer_again(self, request: Request, session: Session) -> bytes:
        """The present answer of a subscription whose plan is `whole`."""
        loaded = self._loaded
        plan, bindings = self._planned(loaded, request, session)
        if not isinstance(plan, SubscriptionPlan) or plan.whole is None:
            raise ApiError("unexpected", "the schema has changed")
        limit_s = loaded.gate.time_s(session.role)
        try:
            async with asyncio.timeout(limit_s) as time:
                return (await execute.query(self._run(loaded, request, bindings), plan.whole)).body
        except TimeoutError:
            if limit_s is None or not time.expired():
                raise
            raise too_slow(limit_s) from None
        except RemoteErrorsError as error:
            return encode({"data": None, "errors": error.errors})

    async def explain(self, request: Request, session: Session) -> list[dict[str, Any]] | dict[str, Any]:
        """`{field, sql, plan}` for each root field of a query, `{sql, plan, variables}` for a subscription."""
        loaded = self._loaded
        plan, bindings = self._planned(loaded, request, session)
        if isinstance(plan, SubscriptionPlan):
            return await explain_subscription(loaded.databases, plan, bindings)
        if isinstance(plan, MutationPlan):
            raise ApiError("invalid-params", "only queries can be explained")
        return [await self._explained(loaded, field, plan, bindings) for field in plan.fields]

    async def _explained(
        self, loaded: Loaded, field: Known | Asked | Awaited, plan: QueryPlan, bindings: Bindings
    ) -> dict[str, Any]:
        if not isinstance(field, Asked):
            return {"field": field.key, "sql": None, "plan": None}
        read = plan.reads[field.read]
        statement = printed(Select(columns=((read.columns[field.column], None),)))
        lines = await execute.explain(loaded.databases[read.source], statement, bindings)
        return {"field": field.key, "sql": statement.text, "plan": lines}

    def _planned(self, loaded: Loaded, request: Request, session: Session) -> tuple[Plan, Bindings]:
        try:
            plan, variables = loaded.plans.find(
                request.query,
                request.operation_name,
                request.variables,
                role=session.role,
                backend=_sees_backend(session),
                row_command=request.row_command,
                relay=request.relay,
            )
        except RecursionError as error:
            raise ApiError("validation-failed", TOO_DEEP) from error
        return plan, Bindings(session=session, variables=variables)


def _sees_backend(session: Session) -> bool:
    """Whether what is for trusted servers only shows."""
    return session.is_admin or (session.trusted and session.backend_only)
