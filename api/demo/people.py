"""The parties on stage: each signs in with its own token and asks over HTTP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from api.demo.operations import ACTS, QUESTIONS, document_of


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: what the operation's one field holds, or what is wrong with the request.

    `path` names what was asked: an act, a question, or a file.
    """

    path: str
    asked: Mapping[str, Any]
    content: Any
    errors: Sequence[Mapping[str, Any]] = ()

    @property
    def refusals(self) -> list[Mapping[str, Any]]:
        """Why an act was not done; for a question about an act, why it could not be."""
        if not isinstance(self.content, dict):
            return []
        found = self.content.get("userErrors") or self.content.get("reasons") or []
        return list(found)

    @property
    def codes(self) -> set[str]:
        top = {error.get("extensions", {}).get("code", "UNKNOWN") for error in self.errors}
        return top | {refusal["code"] for refusal in self.refusals}

    @property
    def record(self) -> dict[str, Any]:
        """The record an act gave back; what a question was answered with. Empty when refused."""
        if self.path in ACTS:
            return (self.content or {}).get(ACTS[self.path].record) or {}
        return self.content if isinstance(self.content, dict) else {}

    @property
    def nodes(self) -> list[dict[str, Any]]:
        return list(self.record.get("nodes", []))


@dataclass(slots=True)
class Person:
    """A member of a party, signed in with a token; the public has none.

    `party_id` is known once the person has asked who it is. `answers` are all that came back.
    """

    name: str
    role: str
    http: httpx.AsyncClient
    token: str | None = None
    party_id: str = ""
    answers: list[Answer] = field(default_factory=list)

    async def does(self, act: str, **terms: Any) -> Answer:
        """Send a mutation. One that creates something gets a new idempotency key."""
        return await self._send(act, document_of(act), {"input": terms}, terms)

    async def asks(self, question: str, **variables: Any) -> Answer:
        return await self._send(question, QUESTIONS[question], variables, variables)

    async def brings(self, name: str, content: bytes) -> Answer:
        """Bring a document in two steps: ask for leave, then PUT the bytes."""
        permit = await self.does("requestUpload", name=name)
        if permit.codes:
            return permit
        response = await self.http.put(permit.record["url"], content=content)
        return self._heard("PUT /uploads/…", {"name": name}, response.json())

    async def fetches(self, path: str) -> Answer:
        """GET a plain file; its text is empty when there is none."""
        response = await self.http.get(path, headers=self._headers)
        text = response.text if response.is_success else ""
        return self._heard(f"GET {path}", {}, {"text": text, "lines": text.count("\n")})

    async def introduces(self) -> bool:
        """Find out who one is. False when the server does not accept the token."""
        answer = await self.asks("me")
        self.party_id = answer.record.get("id", "")
        return bool(self.party_id)

    async def _send(
        self, path: str, document: str, variables: Mapping[str, Any], asked: Mapping[str, Any]
    ) -> Answer:
        response = await self.http.post(
            "/graphql",
            json={"query": document, "variables": variables},
            headers=self._headers,
        )
        body = response.json()
        content = (body.get("data") or {}).get(path)
        return self._heard(path, asked, content, body.get("errors", ()))

    def _heard(
        self, path: str, asked: Mapping[str, Any], content: Any, errors: Sequence[Any] = ()
    ) -> Answer:
        answer = Answer(path, asked, content, errors)
        self.answers.append(answer)
        return answer

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


def new_key() -> str:
    """An idempotency key nobody has used."""
    return uuid4().hex
