"""A workflow's graph as text, Mermaid, DOT and SVG."""
