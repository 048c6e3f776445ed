"""What the page says in words, whatever the numbers are."""

HEAD = """# Performance

Measured on {date} and written by `python -m benchmarks --report docs/performance.md`;
[every reading](performance.json) lies beside this page, and `make bench` measures your
machine without writing anything here. Change the program, not this page.

![CPU, memory and connections of the servers compared]({picture})
"""

METHOD = """## Method

The broker runs as a shop would run it: every message is committed to its journal
(SQLite, `synchronous=FULL`) before anybody sees it, clients sign in with tokens, chats
live in actors, all features are on. Only its rate limits are lifted for the load
generator, by `limits.trusted_networks`. The peers are the smallest relays that their
documentation suggests: they store nothing, check nobody, and forget.

- **Messages.** 100 bytes of text. *Saturated*: each chat of two has exactly one message
  in flight, and the other side answers what it hears. *500 messages/s*: an open loop;
  messages leave when they are due, whatever has come back, and are timed from when they
  were due. *Fan-out*: one shopper speaks, many connections of agents listen; the next
  message leaves when all have the last. *Idle*: 5,000 chats of two connect, say hello,
  open their chat (for the peers: connect and join) and are silent. There are 5,000 open
  chats in the broker's folder in every load, each answered by its agent.
- **Cores.** The server is pinned to one core, the load generator (`benchmarks/loadgen`,
  C) to another; all over the loopback, without TLS or compression.
- **CPU, not time.** The figure is CPU of the whole server process, its threads
  included, by the kernel's clock for it. Other work on the core moves it less than any
  other, but it moves it: caches are shared. Times at 500 messages/s, and of starts,
  include waiting for the core.
- **Rounds: {rounds}.** In each round every server runs under every load, freshly
  started, one right after another, the broker on a fresh copy of a folder with chats;
  who goes first changes. Servers that no target names take part in every second round
  only. Ratios are made within a round, and the page gives their
  median and range: under 1, the broker costs less than the peer. Those are what to
  trust: figures of one round may be twice those of another when the machine has other
  things to do.
- **Correctness.** The load generator checks every message: arrived, once, in its chat,
  in order, acknowledged, nothing refused. A run with any flaw is in no figure.
"""

CAVEATS = """## What this does not show

- *C floor* is what the system calls alone cost: a relay that parses nothing.
- The peers' connections are bare upgrades; the broker's are a token checked, a profile
  looked up, a chat loaded from disk and its history sent.
- centrifuge is the version that Debian has, from 2021, limited to one core; its
  product, Centrifugo, has moved on.
- Times in saturation are queues, not service, so that the page leaves them out.
- Memory is the server's own; the kernel's socket buffers are in nobody's figure.
"""
