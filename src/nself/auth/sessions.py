"""Sessions: a fresh refresh token, an access token, and the user both belong to."""

from __future__ import annotations

import msgspec

from nself.auth.access_tokens import AccessTokens
from nself.auth.claims import CustomClaims
from nself.auth.errors import AuthError, Code
from nself.auth.store import RefreshToken, Store
from nself.auth.users import PublicUser, User, UserChecks
from nself.records import dataclass


class Session(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`Session` of the API."""

    access_token: str
    access_token_expires_in: int
    refresh_token_id: str
    refresh_token: str
    user: PublicUser


@dataclass(frozen=True, slots=True)
class Sessions:
    store: Store
    tokens: AccessTokens
    claims: CustomClaims
    checks: UserChecks

    async def begin(self, user: User) -> Session:
        """A new session for a user who has passed every check."""
        return await self.describe(user, await self.store.add_refresh_token(user.id))

    async def refresh(self, token: str) -> Session:
        """The next session of a refresh token, which dies. Anonymous users may; disabled and unverified may not."""
        user = await self.store.user_by_refresh_token(token)
        if user is None:
            raise AuthError(Code.INVALID_REFRESH_TOKEN)
        self.checks.check_standing(user)
        successor = await self.store.rotate_refresh_token(token)
        if successor is None:
            raise AuthError(Code.INVALID_REFRESH_TOKEN)
        return await self.describe(user, successor)

    async def describe(self, user: User, token: RefreshToken) -> Session:
        """After the rows are committed: custom claims are read through the GraphQL engine."""
        return Session(
            access_token=self.tokens.issue(user, await self.claims.of(user.id)),
            access_token_expires_in=self.tokens.life_s,
            refresh_token_id=str(token.id),
            refresh_token=token.text,
            user=user.public(),
        )
