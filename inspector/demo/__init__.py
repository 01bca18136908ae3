"""The built-in shop: orders as sagas, with faults planted in their history. Needs no Java, no network, no display.

The map: `day` says how busy an hour is · `model` is what happens · `world` keeps the shop's clock, stock and versions ·
`sagas` and `trade` are the processes in it · `faults` plants and accounts for what is wrong · `shop` ties them into one
iterator · `codec` and `layout` say as which bytes and where an event is written · `store` and `kafka` write it ·
`serve` runs both in a process of their own · `headless` captures, replays and plots that. Start with `shop`.
"""
