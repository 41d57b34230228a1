"""What the check of outside links tries in place of a publisher's page."""

import pytest

from book.ext.links import ask_the_registry


@pytest.mark.parametrize(("link", "tried"), [
    ("https://doi.org/10.1098/rstl.1763.0053", "https://doi.org/api/handles/10.1098/rstl.1763.0053"),
    ("https://www.sphinx-doc.org", None),
    ("https://arxiv.org/abs/1706.03762", None),
])
def test_a_doi_is_looked_up_where_it_is_registered(link, tried):
    assert ask_the_registry(None, link) == tried
