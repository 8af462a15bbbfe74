"""A browser without a script engine: it keeps cookies, follows redirects, and fills in forms as a person would."""

import html.parser
import http.cookiejar
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request


class Stay(urllib.request.HTTPRedirectHandler):
    """Each redirect is looked at before it is followed."""

    def redirect_request(self, *_):
        return None


class Forms(html.parser.HTMLParser):
    """The forms of a page: where each goes, the fields it has, and its buttons."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        told = dict(attributes)
        if tag == "form":
            self.found.append({"action": told.get("action", ""), "fields": {}, "buttons": []})
        elif self.found and tag in ("input", "button") and told.get("name"):
            form, pair = self.found[-1], (told["name"], told.get("value") or "")
            if tag == "button" or told.get("type") == "submit":
                form["buttons"].append(pair)
            elif told.get("type") not in ("checkbox", "radio"):
                form["fields"].update([pair])


class Page:
    def __init__(self, url, status, headers, body):
        self.url, self.status, self.headers, self.body = url, status, headers, body

    def form(self, *names):
        """The form that has these fields or buttons; None where there is none."""
        for form in Forms(self.body).found:
            if set(names) <= set(form["fields"]) | {name for name, _ in form["buttons"]}:
                return form
        return None


class Browser:
    def __init__(self, authority):
        jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=authority)),
            urllib.request.HTTPCookieProcessor(jar),
            Stay,
        )

    def post_json(self, url, value, headers=None, method="POST"):
        told = {"Content-Type": "application/json", **(headers or {})}
        return self.send(url, body=json.dumps(value).encode(), headers=told, method=method)

    def send(self, url, form=None, headers=None, body=None, method=None):
        body = body if form is None else urllib.parse.urlencode(form).encode()
        request = urllib.request.Request(url, body, {"Accept": "text/html,*/*", **(headers or {})}, method=method)
        try:
            answer = self.opener.open(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return Page(url, answer.status, answer.headers, answer.read().decode())

    def open(self, url, form=None, until=None, referer=None):
        """The page at the end of all redirects, or the first address that begins with `until`, not yet opened."""
        for _ in range(20):
            page = self.send(url, form, headers={"Referer": referer} if referer else None)
            if not 300 <= page.status < 400:
                return page
            url, form = urllib.parse.urljoin(url, page.headers["Location"]), None
            if until and url.startswith(until):
                return Page(url, 0, {}, "")
        raise AssertionError(f"{url} redirects for ever")

    def submit(self, page, form, filled, button=None, until=None):
        fields = {**form["fields"], **filled, **dict([button] if button else [])}
        return self.open(urllib.parse.urljoin(page.url, form["action"] or page.url), fields, until, page.url)


def answers(address, ca):
    """Whether a server is up that answers 200 there."""
    try:
        return Browser(ca).send(address).status == 200
    except OSError:
        return False
