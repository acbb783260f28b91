"""GraphiQL: the page is there, and refers to this server alone."""

import re
from html.parser import HTMLParser

import pytest

from api.graphiql import FOLDER


class References(HTMLParser):
    """Collects what a page loads, and whatever script or style it carries itself."""

    def __init__(self):
        super().__init__()
        self.found = []
        self.inline = []
        self._within = None

    def handle_starttag(self, tag, attributes):
        self.found += [value for name, value in attributes if name in {"src", "href"}]
        self.inline += [name for name, _ in attributes if name == "style" or name[:2] == "on"]
        self._within = tag

    def handle_data(self, data):
        if self._within in {"script", "style"} and data.strip():
            self.inline.append(data)


@pytest.fixture
async def page(client):
    return await client.get("/graphiql/")


def references_in(page):
    parser = References()
    parser.feed(page.text)
    return parser


async def test_the_page_loads_its_own_files_and_carries_no_script(client, page):
    parser = references_in(page)
    assert parser.inline == []
    assert parser.found == [
        "data:,",
        "graphiql.min.css",
        "start.css",
        "react.production.min.js",
        "react-dom.production.min.js",
        "graphiql.min.js",
        "start.js",
    ]
    for name in parser.found[1:]:
        assert (await client.get(f"/graphiql/{name}")).status_code == 200


def test_the_styles_load_nothing_but_what_they_carry():
    styles = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.css"))
    addresses = re.findall(r"url\(\s*[\"']?([^\"')]{5})", styles)
    assert set(addresses) == {"data:"}
    assert "@import" not in styles


async def test_the_browser_is_told_to_ask_nobody_else(page):
    policy = dict(
        directive.strip().split(" ", 1)
        for directive in page.headers["content-security-policy"].split(";")
    )
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data:",
        "font-src": "data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }


@pytest.mark.parametrize("path", ["/", "/graphiql"])
async def test_the_way_to_the_page_is_short(client, path):
    response = await client.get(path, headers={"Host": "evil.example"})
    assert (response.status_code, response.headers["location"]) == (303, "/graphiql/")


async def test_nothing_outside_the_folder_is_served(client):
    for path in ("../../settings.py", "..%2f..%2fsettings.py", "%2e%2e/%2e%2e/settings.py"):
        assert (await client.get(f"/graphiql/{path}")).status_code == 404


async def test_the_page_can_be_left_out(door):
    door.environment = {"DATATITLE_GRAPHIQL": "off"}
    async with door.client() as client:
        for path in ("/", "/graphiql", "/graphiql/", "/graphiql/start.js"):
            assert (await client.get(path)).status_code == 404
        assert (await client.post("/graphql", json={"query": "{hello}"})).status_code == 200


def test_the_licenses_of_what_is_not_ours_lie_beside_it():
    licenses = (FOLDER / "LICENSES.txt").read_text(encoding="utf-8")
    for name in ("graphiql 4.1.2", "react 18.3.1", "react-dom 18.3.1", "codemirror 5."):
        assert name in licenses
