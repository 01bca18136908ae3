"""How far consumers are behind: what follows from several looks at them, or from the samples that a capture keeps. No source's client.

Read `motion` for rates and resets, `verdict` for the words, `counting` for events, `holes` for what a consumer has skipped.
"""
