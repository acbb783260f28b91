"""Print the contract: `python -m schema > schema/schema.graphql`."""

from schema import schema

if __name__ == "__main__":
    print(schema.as_str())  # noqa: T201 - printing is what it is for.
