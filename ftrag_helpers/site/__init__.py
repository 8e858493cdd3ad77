"""The reading edition: the course as a static site, made from what the notebooks hold."""
