"""What only Colab and Kaggle have: an answer that was written there and imports it runs here all the same."""

import ast

ONLY_THERE = ("google.colab", "kaggle_secrets", "kaggle_datasets", "kaggle_web_client")


class StandIns(ast.NodeTransformer):
    """Gives what is imported from there as an object that takes any call and does nothing: here is no window, no Drive.

    An import inside a `try` is left as it is: it asks where it runs, and says itself what to do elsewhere.
    """

    def visit_Try(self, node: ast.Try) -> ast.Try:
        """Leave it, with all that stands in it."""
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom | list[ast.stmt]:
        """`from google.colab import drive`, and from its parts."""
        if node.level or not _there(node.module):
            return node
        return [_stand_in(each.asname or each.name, node) for each in node.names if each.name != "*"]

    def visit_Import(self, node: ast.Import) -> ast.Import | list[ast.stmt]:
        """`import google.colab`, alone or in a row."""
        kept = [each for each in node.names if not _there(each.name)]
        if len(kept) == len(node.names):
            return node
        made = [_stand_in(each.asname or each.name.partition(".")[0], node) for each in node.names if _there(each.name)]
        return [*made, *([ast.copy_location(ast.Import(kept), node)] if kept else [])]


def _there(module):
    return any(module == each or module.startswith(f"{each}.") for each in ONLY_THERE)


def _stand_in(name, node):
    (made,) = ast.parse(f"{name} = __import__('unittest.mock').mock.MagicMock()").body
    return ast.fix_missing_locations(ast.copy_location(made, node))
