"""Widgets that follow a slider or ask a question, each also a page of its own."""
