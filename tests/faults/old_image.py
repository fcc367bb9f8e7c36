"""The image before this release, as to versions: `python -m tests.faults.old_image serve …`.

The same code, started without the later versions: it reads and writes only what came before them.
"""

from deploy.cli.main import main
from shared.contracts.earlier import EARLIER
from shared.contracts.registry import SHAPES, Context, newest

LATER = frozenset(newest(name) for name in EARLIER)


def forget() -> None:
    """Know no version that replaced an earlier one."""
    for name in LATER:
        SHAPES.pop(name, None)
    types = vars(Context)["types"].fget
    known = property(lambda context: tuple(name for name in types(context) if name in SHAPES))
    Context.types = known  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    forget()
    main()
