"""A word from the glossary says what it means where it is used."""

GLOSSARY = "book/appendices/glossary.html"


def test_a_term_carries_its_definition_as_its_title(pages):
    meanings = [element.text for element in pages[GLOSSARY].all("dd")]
    links = [link for address, page in pages.items() if address != GLOSSARY
             for link in page.all("a") if "glossary.html#term-" in link.attributes.get("href", "")]
    assert links
    for link in links:
        title = link.attributes.get("title", "").strip()
        assert title and any(title == meaning.strip() for meaning in meanings), link.text
