"""The course as web pages: what mkdocs, which makes them, is given of notebooks, links and diagrams."""
