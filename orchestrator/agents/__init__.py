"""The memory as tools for coding agents, over the Model Context Protocol; needs the extra `mcp`.

It stands in the orchestrator and not beside the memory, because a brief is rendered, archives are
read and decisions are redacted here, and imports never point upwards.
"""
