"""What is inside an exception group, however deep nurseries and servers wrapped it."""

from collections.abc import Iterator


def leaves(error: BaseException) -> Iterator[BaseException]:
    """Yield the errors inside `error`, or `error` itself if it is no group."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from leaves(inner)
    else:
        yield error


def in_words(error: BaseException, *, longest: int = 300) -> str:
    """Return one line that names every error inside `error`, cut off at `longest` characters."""
    line = "; ".join(f"{type(leaf).__name__}: {leaf}" for leaf in leaves(error))
    line = " ".join(line.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"
