"""The five providers' APIs, each in a package of its own name.

To add one: write `dialects/<provider>/` with a class that satisfies `simulator.dialect.Dialect` and
a pydantic model of its switches; add the model as a field to `SimulatorSettings`, and one line to
`dialects.registry.DIALECTS`.
"""
