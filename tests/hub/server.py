"""A small Hub on loopback: the endpoints that huggingface_hub asks for, repositories in memory, and faults on demand.

Large files go the way of the real Hub: uploaded by LFS, downloaded by a redirect to another origin (`localhost` beside
`127.0.0.1`), which must never be sent the token.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

WRITER, READER = "hf_writerWRITERwriter0123456789", "hf_readerREADERreader0123456789"
USERS = {WRITER: "ada", READER: "ada"}
Files = dict[str, bytes]


@dataclass
class Repo:
    """A repository: its commits, oldest first, each with all of its files."""

    private: bool = False
    commits: list[tuple[str, Files]] = field(default_factory=lambda: [("0" * 40, {".gitattributes": b"*.bin lfs\n"})])

    def at(self, revision: str) -> tuple[str, Files] | None:
        if revision == "main":
            return self.commits[-1]
        return next((c for c in self.commits if c[0].startswith(revision) and len(revision) >= 7), None)

    def commit(self, files: Files) -> str:
        self.commits.append((secrets.token_hex(20), files))
        return self.commits[-1][0]


@dataclass
class Shelf:
    """A collection: its title, whether it is private, and (type, name) of what is in it."""

    title: str
    private: bool = False
    items: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Hub:
    """The server's memory, and what it is to do wrong.

    Attributes:
        repos, spaces: name -> models; name -> Spaces.
        collections: slug -> collection.
        fault: (method, path) -> "" for none, or "status 500", "silent", "cut", "garble", "mute" (answers, then silence).
        seen: every request: (host, method, path, authorization).
    """

    url: str = ""
    repos: dict[str, Repo] = field(default_factory=dict)
    spaces: dict[str, Repo] = field(default_factory=dict)
    collections: dict[str, Shelf] = field(default_factory=dict)
    large: dict[str, bytes] = field(default_factory=dict)
    fault: Callable[[str, str], str] = lambda method, path: ""
    retry_after: str = ""
    seen: list[tuple[str, str, str, str]] = field(default_factory=list)

    def add(self, name: str, files: Files, *, private: bool = False) -> str:
        """Puts a commit into a repository, as if somebody had; returns its name."""
        return self.repos.setdefault(name, Repo(private)).commit(files)

    def asked(self, part: str) -> int:
        """How many requests had this in their path."""
        return sum(part in path for _host, _method, path, _who in self.seen)


def tags_of(files: Files) -> list[str]:
    """What the header of the card says."""
    head = files.get("README.md", b"").decode().split("---\n")
    return list((yaml.safe_load(head[1]) or {}).get("tags", [])) if len(head) > 2 else []


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def git(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def is_large(name: str) -> bool:
    return name.endswith((".safetensors", ".png"))


def refusal(status: int, code: str = "", message: str = "") -> JSONResponse:
    headers = {k: v for k, v in (("X-Error-Code", code), ("X-Error-Message", message)) if v}
    return JSONResponse({"error": message or code}, status, headers)


class Endpoints:
    """What can be asked of a `Hub`."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    def who(self, request: Request) -> str | None:
        """The user's token; None without one."""
        return request.headers.get("authorization", "").removeprefix("Bearer ") or None

    def found(self, request: Request, *, write: bool = False) -> Repo | Response:
        """The repository that the path names, if this visitor may have it."""
        token, owner = self.who(request), request.path_params["owner"]
        if token is not None and token not in USERS:
            return refusal(401, message="Invalid credentials in Authorization header")
        kind = self.hub.spaces if "/spaces/" in request.url.path else self.hub.repos
        repo = kind.get(f"{owner}/{request.path_params['name'].removesuffix('.git')}")
        if repo is None or (repo.private and USERS.get(token or "") != owner):
            return refusal(404 if token else 401, "RepoNotFound", "Repository not found")
        if write and (token != WRITER or owner != "ada"):
            return refusal(403, message="You have read-only access")
        return repo

    async def whoami(self, request: Request) -> Response:
        token = self.who(request)
        if token not in USERS:
            return refusal(401, message="Invalid username or password.")
        return JSONResponse({"type": "user", "name": USERS[token or ""], "orgs": [{"name": "a-school"}]})

    async def create(self, request: Request) -> Response:
        told = await request.json()
        name = f"{told['organization']}/{told['name']}"
        if self.who(request) not in USERS:
            return refusal(401, message="Invalid credentials in Authorization header")
        if self.who(request) != WRITER or told["organization"] != "ada":
            return refusal(403, message="You don't have the rights to create a model under this namespace")
        kind = self.hub.spaces if told.get("type") == "space" else self.hub.repos
        if name in kind:
            there = {"error": "You already created this model repo", "url": f"{self.hub.url}/{name}"}
            return JSONResponse(there, 409)
        kind[name] = Repo(told.get("visibility") == "private")
        if kind is self.hub.spaces:  # the Hub's own first page
            assert told["sdk"] == "static"
            kind[name].commits[0][1].update({"index.html": b"hello", "style.css": b"", "README.md": b"---\n---\n"})
        return JSONResponse({"url": f"{self.hub.url}/{name}", "name": name})

    async def validate(self, request: Request) -> Response:
        told = await request.json()
        whole = told["content"].startswith("---\n")
        return JSONResponse(
            {"errors": [] if whole else [{"message": "no header"}], "warnings": []}, 200 if whole else 400
        )

    async def info(self, request: Request) -> Response:
        repo = self.found(request)
        if isinstance(repo, Response):
            return repo
        commit = repo.at(request.path_params.get("revision", "main"))
        if commit is None:
            return refusal(404, "RevisionNotFound", "Invalid rev id")
        siblings = []
        for name, content in commit[1].items():
            entry: dict[str, Any] = {"rfilename": name}
            if request.query_params.get("blobs"):
                entry |= {"size": len(content), "blobId": git(content)}
                if is_large(name):
                    entry["lfs"] = {"sha256": sha256(content), "size": len(content), "pointerSize": 130}
            siblings.append(entry)
        name = f"{request.path_params['owner']}/{request.path_params['name']}"
        return JSONResponse({"id": name, "sha": commit[0], "private": repo.private, "siblings": siblings, "tags": tags_of(commit[1]),
                             "lastModified": "2026-01-02T03:04:05.000Z", "downloads": 3})  # fmt: skip

    async def commits(self, request: Request) -> Response:
        repo = self.found(request)
        if isinstance(repo, Response):
            return repo
        when = {"date": "2026-01-02T03:04:05.000Z", "authors": [], "title": "", "message": ""}
        return JSONResponse([{"id": name, **when} for name, _files in repo.commits[::-1]])

    def shown(self, slug: str) -> JSONResponse:
        """A collection as the Hub describes it."""
        shelf = self.hub.collections[slug]
        items = [
            {"_id": f"{number:024x}", "id": name, "type": kind, "position": number}
            for number, (kind, name) in enumerate(shelf.items)
        ]
        return JSONResponse(self.about(slug) | {"items": items})

    def about(self, slug: str) -> dict[str, Any]:
        shelf = self.hub.collections[slug]
        return {"slug": slug, "title": shelf.title, "private": shelf.private, "owner": slug.partition("/")[0], "items": [],
                "lastUpdated": "2026-01-02T03:04:05.000Z", "position": 0, "theme": "green", "upvotes": 0}  # fmt: skip

    def shelf(self, request: Request, *, write: bool = False) -> str | Response:
        """The slug that the path names, if this visitor may have it."""
        token, slug = self.who(request), f"{request.path_params['owner']}/{request.path_params['slug']}"
        if token is not None and token not in USERS:
            return refusal(401, message="Invalid credentials in Authorization header")
        shelf, owner = self.hub.collections.get(slug), request.path_params["owner"]
        if shelf is None or (shelf.private and USERS.get(token or "") != owner):
            return refusal(404, message="Collection not found")
        if write and (token != WRITER or owner != "ada"):
            return refusal(403, message="You don't have the rights to edit this collection")
        return slug

    async def collection(self, request: Request) -> Response:
        slug = self.shelf(request)
        return slug if isinstance(slug, Response) else self.shown(slug)

    async def collections(self, request: Request) -> Response:
        owner = request.query_params["owner"]
        found = [slug for slug in self.hub.collections if slug.startswith(f"{owner}/")]
        return JSONResponse([{k: v for k, v in self.about(slug).items() if k != "position"} for slug in found])

    async def make_collection(self, request: Request) -> Response:
        told = await request.json()
        if self.who(request) != WRITER or told["namespace"] != "ada":
            return refusal(403, message="You don't have the rights to create a collection under this namespace")
        slug = f"{told['namespace']}/{told['title'].lower().replace(' ', '-')}-{secrets.token_hex(12)}"
        self.hub.collections[slug] = Shelf(told["title"], told["private"])
        return self.shown(slug)

    async def add_item(self, request: Request) -> Response:
        slug = self.shelf(request, write=True)
        if isinstance(slug, Response):
            return slug
        told = (await request.json())["item"]
        item = told["type"], told["id"]
        if item in self.hub.collections[slug].items:
            return refusal(409, message="Item already in collection")
        self.hub.collections[slug].items.append(item)
        return self.shown(slug)

    async def models(self, request: Request) -> Response:
        """The repositories of an author, with all of the tags that their cards must have, by words of their names."""
        asked, listed = request.query_params, []
        for name, repo in self.hub.repos.items():
            commit, files = repo.commits[-1]
            tags = tags_of(files)
            seen = not repo.private or USERS.get(self.who(request) or "") == name.partition("/")[0]
            of_author = asked.get("author") in (None, name.partition("/")[0])
            if seen and of_author and {*asked.getlist("filter")} <= {*tags} and asked.get("search", "") in name:
                row = {"id": name, "sha": commit, "private": repo.private, "tags": tags, "downloads": 3}
                listed.append(row | {"lastModified": "2026-01-02T03:04:05.000Z"})
        return JSONResponse(listed[: int(asked["limit"])])

    async def preupload(self, request: Request) -> Response:
        repo = self.found(request, write=True)
        if isinstance(repo, Response):
            return repo
        files = [
            {"path": f["path"], "uploadMode": "lfs" if is_large(f["path"]) else "regular", "shouldIgnore": False}
            for f in (await request.json())["files"]
        ]
        return JSONResponse({"files": files})

    async def batch(self, request: Request) -> Response:
        repo = self.found(request, write=True)
        if isinstance(repo, Response):
            return repo
        objects = []
        for wanted in (await request.json())["objects"]:
            there = wanted["oid"] in self.hub.large
            upload = {"href": f"{self.cdn()}/lfs/{wanted['oid']}", "header": {}}
            objects.append(wanted | ({} if there else {"actions": {"upload": upload}}))
        return JSONResponse({"transfer": "basic", "objects": objects})

    async def put_large(self, request: Request) -> Response:
        content = await request.body()
        if sha256(content) != request.path_params["oid"]:
            return refusal(400, message="hash differs")
        self.hub.large[sha256(content)] = content
        return Response()

    async def commit(self, request: Request) -> Response:
        repo = self.found(request, write=True)
        if isinstance(repo, Response):
            return repo
        files = dict(repo.commits[-1][1])
        for line in (await request.body()).splitlines():
            told = json.loads(line)
            value = told["value"]
            if told["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif told["key"] == "lfsFile":
                files[value["path"]] = self.hub.large[value["oid"]]
            elif told["key"] == "deletedFile":
                del files[value["path"]]
        oid = repo.commit(files)
        name = f"{request.path_params['owner']}/{request.path_params['name']}"
        return JSONResponse({"commitOid": oid, "commitUrl": f"{self.hub.url}/{name}/commit/{oid}", "success": True})

    async def resolve(self, request: Request) -> Response:
        repo = self.found(request)
        if isinstance(repo, Response):
            return repo
        commit = repo.at(request.path_params["revision"])
        if commit is None:
            return refusal(404, "RevisionNotFound", "Invalid rev id")
        content = commit[1].get(request.path_params["path"])
        if content is None:
            return refusal(404, "EntryNotFound", "Entry not found")
        headers = {"X-Repo-Commit": commit[0]}
        if is_large(request.path_params["path"]):
            self.hub.large[sha256(content)] = content
            headers |= {"X-Linked-Etag": f'"{sha256(content)}"', "X-Linked-Size": str(len(content))}
            return RedirectResponse(f"{self.cdn()}/cdn/{sha256(content)}", 302, headers)
        return ranged(request, content, headers | {"ETag": f'"{git(content)}"'})

    async def get_large(self, request: Request) -> Response:
        return ranged(request, self.hub.large[request.path_params["oid"]], {"ETag": '"large"'})

    def cdn(self) -> str:
        return self.hub.url.replace("127.0.0.1", "localhost")

    def routes(self) -> list[Route]:
        model = "/api/models/{owner}/{name}"
        space = "/api/spaces/{owner}/{name}"
        return [
            Route(space, self.info),
            Route(space + "/commits/{revision}", self.commits),
            Route(space + "/preupload/{revision}", self.preupload, methods=["POST"]),
            Route(space + "/commit/{revision}", self.commit, methods=["POST"]),
            Route("/spaces/{owner}/{name}/info/lfs/objects/batch", self.batch, methods=["POST"]),
            Route("/api/collections", self.collections),
            Route("/api/collections", self.make_collection, methods=["POST"]),
            Route("/api/collections/{owner}/{slug}", self.collection),
            Route("/api/collections/{owner}/{slug}/items", self.add_item, methods=["POST"]),
            Route("/api/whoami-v2", self.whoami),
            Route("/api/models", self.models),
            Route("/api/repos/create", self.create, methods=["POST"]),
            Route("/api/validate-yaml", self.validate, methods=["POST"]),
            Route(model, self.info),
            Route(model + "/revision/{revision}", self.info),
            Route(model + "/preupload/{revision}", self.preupload, methods=["POST"]),
            Route(model + "/commit/{revision}", self.commit, methods=["POST"]),
            Route("/{owner}/{name}/info/lfs/objects/batch", self.batch, methods=["POST"]),
            Route("/lfs/{oid}", self.put_large, methods=["PUT"]),
            Route("/cdn/{oid}", self.get_large),
            Route("/{owner}/{name}/resolve/{revision}/{path:path}", self.resolve, methods=["GET", "HEAD"]),
        ]


def ranged(request: Request, content: bytes, headers: dict[str, str]) -> Response:
    """A file, or its end when the client takes up again what was cut."""
    start = request.headers.get("range", "").removeprefix("bytes=").partition("-")[0]
    return Response(content[int(start or 0) :], 206 if start else 200, headers)


class Faults:
    """Stands before the endpoints and does wrong what the test asks for."""

    def __init__(self, app: Any, hub: Hub) -> None:
        self.app, self.hub = app, hub

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {k.decode(): v.decode() for k, v in scope["headers"]}
        self.hub.seen.append((headers["host"], scope["method"], scope["path"], headers.get("authorization", "")))
        fault = self.hub.fault(scope["method"], scope["path"])
        if fault == "silent":
            await asyncio.Event().wait()
        elif fault.startswith("status"):
            told = {"retry-after": self.hub.retry_after} if self.hub.retry_after else {}
            await Response("no", int(fault.split()[1]), told)(scope, receive, send)
        else:
            await self.app(scope, receive, spoiled(send, fault))


def spoiled(send: Any, fault: str) -> Any:
    """The way back to the client, which cuts, stops or garbles the body of a good answer."""

    async def forward(message: Any) -> None:
        if message["type"] == "http.response.body" and message.get("body") and fault:
            body = message["body"]
            if fault == "garble":
                message = {**message, "body": bytes(byte ^ 0x55 for byte in body)}
            else:
                await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
                if fault == "mute":
                    await asyncio.Event().wait()
                raise ConnectionResetError("cut on purpose")
        await send(message)

    return forward


@contextmanager
def serve() -> Iterator[Hub]:
    """A Hub on a free port of loopback, answering when handed out."""
    hub = Hub()
    app = Faults(Starlette(routes=Endpoints(hub).routes()), hub)
    listener = socket.create_server(("127.0.0.1", 0))
    hub.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config = uvicorn.Config(app, log_level="critical", lifespan="off", timeout_graceful_shutdown=0)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.should_exit = server.force_exit = True
        thread.join(10)
        listener.close()
