"""OpenID Connect: someone logs in at a provider (a broker for BankID or Freja, or the organisation's own) and comes back.

Authorization code flow with PKCE (OpenID Connect Core 1.0, RFC 7636, RFC 9207). What must be the same on both sides of
the provider (state, nonce, verifier, what it is about) travels sealed in a cookie, so nothing is kept here between them
and nobody but the browser that left can come back. Of the answer only what `Identified` holds leaves this module: the
tokens are dropped, and the subject becomes a keyed fingerprint.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import quote_plus

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, InvalidTokenError, JoseError, MissingClaimError
from joserfc.jwk import KeySet

from insyn.clock import Clock
from insyn.privacy.keys import Tampered, seal, unseal

FLOW_LASTS = timedelta(minutes=15)
KNOWN_FOR = timedelta(hours=1)  # how long the provider's metadata and keys are believed
LEEWAY_SECONDS = 60  # clocks differ
TIMEOUT_SECONDS = 5.0
# Signatures by a key of the provider alone (RFC 8725, 3.1): never `none`, and nothing with the client's own secret.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
_CONTEXT = "oidc-flow"


class Reason(StrEnum):
    """Why somebody who came back was not taken for anyone."""

    CANCELLED = "cancelled"
    STATE = "state"
    LATE = "late"
    NONCE = "nonce"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    SIGNATURE = "signature"
    ALGORITHM = "algorithm"
    EXPIRED = "expired"
    ACR = "acr"
    TOKEN = "token"
    CODE = "code"
    UNAVAILABLE = "unavailable"
    OTHER_NAME = "other_name"


_NOT_TRUSTED = "Svaret från legitimeringstjänsten gick inte att lita på, så vi har inte godtagit det. Försök igen från länken i mejlet."
SAYS: dict[Reason, str] = {
    **dict.fromkeys(Reason, _NOT_TRUSTED),
    Reason.CANCELLED: "Legitimeringen avbröts. Försök igen när du vill.",
    Reason.STATE: "Legitimeringen började inte i den här webbläsaren. Börja om från länken i mejlet, i samma webbläsare hela vägen.",
    Reason.LATE: "Det tog för lång tid, så legitimeringen gäller inte längre. Börja om.",
    Reason.EXPIRED: "Det tog för lång tid, så legitimeringen gäller inte längre. Börja om.",
    Reason.ACR: "Legitimeringen gjordes på ett sätt som inte är tillräckligt säkert här. Försök igen och välj ett säkrare sätt.",
    Reason.CODE: "Legitimeringstjänsten godtog inte svaret. Försök igen.",
    Reason.UNAVAILABLE: "Legitimeringstjänsten svarar inte just nu. Försök igen om en stund.",
    Reason.OTHER_NAME: "Namnet i legitimeringen är inte det namn som begäran är gjord i. En människa tittar på saken.",
}  # fmt: skip


class OidcRefused(Exception):
    """Nobody was identified; `about` is what the flow was about, where that is known."""

    def __init__(self, reason: Reason, about: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.about = about

    @property
    def says(self) -> str:
        """What the person is told, in Swedish."""
        return SAYS[self.reason]


@dataclass(frozen=True)
class Provider:
    """A configured provider. `acr_values`: the ways of logging in that are strong enough; empty where any is."""

    issuer: str
    client_id: str
    client_secret: str
    name: str
    acr_values: tuple[str, ...] = ()
    scope: str = "openid profile"


@dataclass(frozen=True)
class Started:
    """Where the browser goes, and the cookie it takes along. `seconds` is how long the cookie is of use."""

    url: str
    cookie: str
    seconds: int = int(FLOW_LASTS.total_seconds())


@dataclass(frozen=True)
class Identified:
    """Somebody who logged in. `subject` is a keyed fingerprint of issuer and subject, `name` for comparing only."""

    about: str
    issuer: str
    acr: str
    at: datetime
    subject: bytes
    name: str


class OidcClient:
    """One provider. `key` seals flows and makes fingerprints; `http` may be given by tests of the network's faults."""

    def __init__(self, provider: Provider, key: str, clock: Clock, http: httpx.AsyncClient | None = None) -> None:
        self.provider = provider
        self._key = key.encode()
        self._seal_key = hmac.new(self._key, b"oidc-flow", hashlib.sha256).digest()
        self._clock = clock
        self._http = http or httpx.AsyncClient(timeout=TIMEOUT_SECONDS, follow_redirects=False)
        self._metadata: dict[str, Any] = {}
        self._keys = KeySet([])
        self._known_at: datetime | None = None

    async def close(self) -> None:
        """Lets the connections go."""
        await self._http.aclose()

    async def begin(self, redirect_uri: str, about: str) -> Started:
        """Sends the browser off; `about` comes back with it. Raises `OidcRefused` when the provider cannot be reached."""
        metadata = await self._discover(about)
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        url = prepare_grant_uri(
            metadata["authorization_endpoint"],
            self.provider.client_id,
            "code",
            redirect_uri,
            self.provider.scope,
            state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
            acr_values=" ".join(self.provider.acr_values) or None,
            # Someone who logged in a while ago may have left the browser to another.
            prompt="login",
            ui_locales="sv",
        )
        until = (self._clock() + FLOW_LASTS).timestamp()
        flow = {
            "state": state,
            "nonce": nonce,
            "verifier": verifier,
            "uri": redirect_uri,
            "about": about,
            "until": until,
        }
        sealed = seal(self._seal_key, json.dumps(flow).encode(), _CONTEXT)
        return Started(str(url), base64.urlsafe_b64encode(sealed).decode())

    async def finish(self, answer: Mapping[str, str], cookie: str | None) -> Identified:
        """Who came back with `answer` (the query of the redirect). Raises `OidcRefused`."""
        flow = self._flow(cookie)
        about = str(flow["about"])
        if not hmac.compare_digest(str(flow["state"]), answer.get("state", "")):
            raise OidcRefused(Reason.STATE)
        if self._clock().timestamp() > flow["until"]:
            raise OidcRefused(Reason.LATE, about)
        metadata = await self._discover(about)
        named = answer.get("iss")
        if named != self.provider.issuer and (named or metadata.get("authorization_response_iss_parameter_supported")):
            raise OidcRefused(Reason.ISSUER, about)  # an answer of another provider (RFC 9207)
        if "code" not in answer:
            raise OidcRefused(Reason.CANCELLED if answer.get("error") == "access_denied" else Reason.CODE, about)
        tokens = await self._tokens(metadata, answer["code"], flow, about)
        claims = await self._claims(tokens, str(flow["nonce"]), about)
        bound = f"oidc-subject\0{self.provider.issuer}\0{claims['sub']}"
        return Identified(
            about=about,
            issuer=self.provider.issuer,
            acr=str(claims.get("acr", "")),
            at=self._clock(),
            subject=hmac.new(self._key, bound.encode(), hashlib.sha256).digest(),
            name=_name(claims),
        )

    def _flow(self, cookie: str | None) -> dict[str, Any]:
        try:
            sealed = base64.urlsafe_b64decode((cookie or "").encode())
            flow: dict[str, Any] = json.loads(unseal(self._seal_key, sealed, _CONTEXT))
        except (Tampered, ValueError) as error:
            raise OidcRefused(Reason.STATE) from error
        return flow

    async def _discover(self, about: str) -> dict[str, Any]:
        """The provider's metadata, fetched at most once an hour (OpenID Connect Discovery 1.0)."""
        now = self._clock()
        if self._known_at is None or now - self._known_at > KNOWN_FOR:
            metadata = await self._get(get_well_known_url(self.provider.issuer, external=True), about)
            if metadata.get("issuer") != self.provider.issuer:
                raise OidcRefused(Reason.ISSUER, about)
            needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            if not all(_as_safe(str(metadata.get(name, "")), self.provider.issuer) for name in needed):
                raise OidcRefused(Reason.UNAVAILABLE, about)
            self._keys = await self._fetch_keys(metadata, about)
            self._metadata, self._known_at = metadata, now
        return self._metadata

    async def _fetch_keys(self, metadata: Mapping[str, Any], about: str) -> KeySet:
        try:
            return KeySet.import_key_set(await self._get(str(metadata["jwks_uri"]), about))  # type: ignore[arg-type]
        except (JoseError, ValueError, KeyError) as error:
            raise OidcRefused(Reason.UNAVAILABLE, about) from error

    async def _get(self, url: str, about: str) -> dict[str, Any]:
        try:
            response = await self._http.get(url)
            response.raise_for_status()
            content = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise OidcRefused(Reason.UNAVAILABLE, about) from error
        if not isinstance(content, dict):
            raise OidcRefused(Reason.UNAVAILABLE, about)
        return content

    async def _tokens(
        self, metadata: Mapping[str, Any], code: str, flow: Mapping[str, Any], about: str
    ) -> dict[str, Any]:
        """Exchanges the code (RFC 6749, 4.1.3)."""
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": flow["uri"], "code_verifier": flow["verifier"],
        }  # fmt: skip
        client = self.provider.client_id, self.provider.client_secret
        auth: httpx.Auth = httpx.Auth()
        if "client_secret_basic" in metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"]):
            auth = httpx.BasicAuth(*map(quote_plus, client))  # RFC 6749, 2.3.1
        else:
            form |= dict(zip(("client_id", "client_secret"), client, strict=True))
        try:
            response = await self._http.post(str(metadata["token_endpoint"]), data=form, auth=auth)
            content = response.json() if response.is_success else {}
        except (httpx.HTTPError, ValueError) as error:
            raise OidcRefused(Reason.UNAVAILABLE, about) from error
        if response.is_server_error:
            raise OidcRefused(Reason.UNAVAILABLE, about)
        if not isinstance(content, dict) or not isinstance(content.get("id_token"), str):
            raise OidcRefused(Reason.CODE, about)
        return content

    async def _claims(self, tokens: Mapping[str, Any], nonce: str, about: str) -> Mapping[str, Any]:
        """The claims of the ID token, all of it checked (OpenID Connect Core 1.0, 3.1.3.7)."""
        id_token = str(tokens["id_token"])
        header = _header(id_token, about)
        if header.get("alg") not in ALGORITHMS:
            raise OidcRefused(Reason.ALGORITHM, about)
        if header.get("kid") not in {key.kid for key in self._keys.keys}:
            self._keys = await self._fetch_keys(self._metadata, about)  # the provider may have changed its keys
        try:
            token = jwt.decode(id_token, self._keys, algorithms=list(ALGORITHMS))
        except (JoseError, ValueError) as error:
            raise OidcRefused(Reason.SIGNATURE, about) from error
        wanted: dict[str, Any] = {
            "iss": {"essential": True, "value": self.provider.issuer},
            "aud": {"essential": True, "value": self.provider.client_id},
            "sub": {"essential": True},
        }
        if self.provider.acr_values:
            wanted["acr"] = {"essential": True, "values": list(self.provider.acr_values)}
        known = {
            "nonce": nonce, "client_id": self.provider.client_id, "access_token": tokens.get("access_token"),
        }  # fmt: skip
        checked = CodeIDToken(token.claims, token.header, wanted, known)
        try:
            checked.validate(now=int(self._clock().timestamp()), leeway=LEEWAY_SECONDS)
        except ExpiredTokenError as error:
            raise OidcRefused(Reason.EXPIRED, about) from error
        except (InvalidClaimError, MissingClaimError) as error:
            raise OidcRefused(_BY_CLAIM.get(error.claim, Reason.TOKEN), about) from error
        except (InvalidTokenError, JoseError) as error:
            raise OidcRefused(Reason.TOKEN, about) from error
        return token.claims


_BY_CLAIM = {
    "iss": Reason.ISSUER, "aud": Reason.AUDIENCE, "azp": Reason.AUDIENCE, "nonce": Reason.NONCE, "acr": Reason.ACR,
    "exp": Reason.EXPIRED,
}  # fmt: skip


def _header(id_token: str, about: str) -> dict[str, Any]:
    head = id_token.partition(".")[0]
    try:
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except ValueError as error:
        raise OidcRefused(Reason.TOKEN, about) from error
    if not isinstance(header, dict):
        raise OidcRefused(Reason.TOKEN, about)
    return header


def _name(claims: Mapping[str, Any]) -> str:
    whole = claims.get("name")
    parts = (claims.get("given_name"), claims.get("family_name"))
    return str(whole) if whole else " ".join(str(part) for part in parts if part)


def _as_safe(url: str, issuer: str) -> bool:
    """An endpoint is https, or plain http where the issuer itself is (a provider on this machine)."""
    return url.startswith("https://") or (url.startswith("http://") and issuer.startswith("http://"))
