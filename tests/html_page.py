"""A page as a browser takes it apart, for the tests of everything that writes HTML."""

from html.parser import HTMLParser

_VOID = {"meta", "br", "img", "link", "input", "hr", "rect", "line", "circle", "path"}


class Page(HTMLParser):
    """The page's elements in order as (tag, attributes), its text, and whether its tags close as
    they open.
    """

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.text, self.balanced = [], [], "", True
        self.feed(text)
        self.close()
        self.balanced = self.balanced and not self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.balanced = False

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]
