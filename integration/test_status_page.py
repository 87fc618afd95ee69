"""The status page in a real browser: what it shows, that it is live, and that it is safe."""

import os
from pathlib import Path

import pytest

from lab import web
from lab.browser import Browser
from lab.scenario import announcing
from lab.site import IPV4_PREFIX, IPV6_PREFIX
from lab.waiting import wait_until

PAGE = f"http://{web.LISTEN}/"
HOSTILE = "<img src=x onerror=document.title='owned'><b>rack</b>"
WIDTHS = {"desk": 1280, "tablet": 768, "phone": 360}
# Where the pictures go, for people to look at; none are kept where it is not set.
PICTURES = os.environ.get("HERALD_PICTURES")


@pytest.fixture(scope="module")
def world(module_site):
    """Announced, with a description that is HTML."""
    return announcing(module_site, neighbor={"description": HOSTILE},
                      metrics={"listen": web.LISTEN})


@pytest.fixture(scope="module")
def browser(world):
    """A browser on the node."""
    with Browser(world.site.node, world.site.folder / "browser.log") as started:
        yield started


@pytest.fixture
def page(world, browser):
    """The page, loaded and filled."""
    browser.open(PAGE)
    wait_until("the page is filled", lambda: "Established" in browser.text("#sessions"))
    return browser


def test_page_shows_the_whole_chain(page):
    """Session, service, check with its results, what is announced to whom, and events."""
    assert page.text("#verdict") == "All is well. 1 of 1 sessions up, 1 of 1 services announced."
    assert "leaf1" in page.text("#sessions") and "AS 64500" in page.text("#sessions")
    assert "1 of 1: leaf1" in page.text("#services")
    wait_until("results", lambda: "passed" in page.text("#checks"))
    assert page.run("return document.querySelectorAll('.strip i.p').length") > 0
    routes = page.text("#routes")
    assert IPV4_PREFIX in routes and IPV6_PREFIX in routes and "198.51.100.6" in routes
    assert "OpenConfirm → Established" in page.text("#events")


def test_page_is_live(world, page):
    """A failure shows within seconds, without a reload, in words as in colour."""
    world.service.kill()
    wait_until("the failure shows", lambda: "down" in page.text("#services"))
    assert "One thing needs a look." in page.text("#verdict")
    assert "service dns is down" in page.text("#problems")
    assert page.text("#routes") == "Nothing is announced."
    wait_until("in the strip", lambda: "failed" in page.text("#checks"))
    world.service.start()
    wait_until("it is well again", lambda: page.text("#verdict").startswith("All is well."))
    wait_until("the drain shows", lambda: drained(world, page))
    world.herald.ctl("undrain", "dns")
    wait_until("and its end", lambda: page.text("#verdict").startswith("All is well."))


def drained(world, page) -> bool:
    """Whether the page says that the service is, once it was."""
    world.herald.ctl("drain", "dns", "--now", "--reason", "new disk")
    shown = page.text("#services")
    return "drained" in shown and "new disk" in shown


def test_page_says_when_the_daemon_is_gone(world, page):
    """And takes up again when it is back."""
    assert not page.run("return document.getElementById('gone').checkVisibility()")
    world.herald.process.stop()
    wait_until("it says so", lambda: "heraldd does not answer." in page.text("#gone"))
    assert page.run("return document.title") == "herald: no answer"
    world.herald.start()
    wait_until("it is over",
               lambda: not page.run("return document.getElementById('gone').checkVisibility()"))
    page.log()  # of refused connections: as it should be
    world.wait_announced()


def test_texts_are_never_markup(page):
    """What a configuration or a check says is shown as it is."""
    assert HOSTILE in page.text("#sessions")
    assert page.run("return document.title").startswith("herald: ")
    assert page.run("return document.querySelectorAll('img, b').length") == 0


def test_page_asks_nobody_else(page):
    """One file, and the views of the same daemon; nothing is blocked or missing."""
    page.run("return look()")
    asked = page.requests()
    assert f"{PAGE}v1/status" in asked
    assert all(url.startswith((PAGE, "data:")) for url in asked), asked
    assert page.log() == []


def test_other_scripts_cannot_reach_out(page):
    """The content security policy holds."""
    page.run("const image = new Image(); image.src = 'http://127.0.0.1:1/x';"
             "document.body.append(image);")
    wait_until("it is refused", lambda: any("Content Security Policy" in line
                                            for line in page.log()))


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_fits(page, width, scheme):
    """Nothing is cut off or wider than the screen, and the colours are those asked for."""
    page.resize(width, 900)
    page.prefer(scheme)
    overflow = "return document.documentElement.scrollWidth"
    assert page.run(overflow) <= width
    background = page.run("return getComputedStyle(document.body).backgroundColor")
    assert (sum(channels(background)) > 384) == (scheme == "light")
    if PICTURES:
        page.resize(width, page.run("return document.documentElement.scrollHeight"))
        page.screenshot(Path(PICTURES) / f"{width}-{scheme}.png")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_is_enough(page, scheme):
    """WCAG 2.1, 1.4.3: 4.5 to 1 for text, wherever there is any."""
    page.prefer(scheme)
    wait_until("the colours have changed", lambda: all(
        ratio >= 4.5 for ratio in contrasts(page)), 3.0)


def contrasts(page) -> list:
    """The contrast of each element with text to what is behind it."""
    pairs = page.run("""
        const behind = (element) => {
          const colour = getComputedStyle(element).backgroundColor;
          return colour === 'rgba(0, 0, 0, 0)' && element.parentElement
            ? behind(element.parentElement) : colour;
        };
        return [...document.querySelectorAll('body *')]
          .filter((one) => one.checkVisibility() &&
            [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()) &&
            !['SCRIPT', 'NOSCRIPT', 'STYLE'].includes(one.tagName))
          .map((one) => [getComputedStyle(one).color, behind(one)]);""")
    assert len(pairs) > 20
    return [contrast(channels(text), channels(behind)) for text, behind in pairs]


def channels(colour: str) -> list:
    """The three of "rgb(1, 2, 3)"."""
    return [int(part) for part in colour[colour.index("(") + 1:-1].split(",")[:3]]


def contrast(one: list, other: list) -> float:
    """WCAG's ratio."""
    def luminance(colour: list) -> float:
        parts = [part / 255 for part in colour]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
                  for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_tables_are_tables_for_everyone(page):
    """On a phone too, where they look like cards: roles, headers and names stay."""
    page.resize(WIDTHS["phone"], 900)
    for part in ("sessions", "services", "checks", "routes", "events"):
        count = f"return document.querySelectorAll('#{part} %s').length"
        assert page.run(count % "[role=table]") == 1, part
        assert page.run(count % "th[scope=col]") > 2, part
        assert page.run(count % "tbody th[scope=row]") == page.run(count % "tbody tr"), part
    assert page.run("return document.querySelector('.strip').getAttribute('aria-label')").startswith(
        "last runs: ")
    assert page.run("return document.documentElement.lang") == "en"
