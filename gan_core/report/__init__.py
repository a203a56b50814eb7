"""A run for its readers: a report by a template, a course's hand-in, and a page that works without a server.

A report is a document of sections (`document`), made of a run by a template (`templates/NAME.toml`) and its parts (`parts`,
`drawn`), then written in a format (`formats`). The discussion stays the student's: a template asks, and answers nothing.
"""
