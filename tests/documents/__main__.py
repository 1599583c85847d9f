"""Write the generated parts of the documentation anew."""

from tests.documents.generated import PAGES, parts
from tests.documents.pages import Page

if __name__ == "__main__":
    made = {name: make() for name, make in parts().items()}
    for name in PAGES:
        page = Page(name)
        fresh = page.with_parts(made)
        if fresh != page.text:
            page.path.write_text(fresh, "utf-8")
            print(f"{name} is up to date again")  # noqa: T201 - this is what the command says
