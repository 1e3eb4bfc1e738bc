"""From a folder of YAML to one immutable Model, or every problem with its place."""
